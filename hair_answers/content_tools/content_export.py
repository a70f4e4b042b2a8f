"""Write questions and answers to a spreadsheet.

Usage: python -m hair_answers.content_tools.content_export FILE.xlsx
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from hair_answers.content_tools import spreadsheet
from hair_answers.knowledge import Answer, ContentError, Library
from hair_answers.knowledge.library import PROJECT

GREY = PatternFill("solid", fgColor="E7E7E7")


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when written; 1 when the content cannot be read."""
    parser = argparse.ArgumentParser(prog="content_export", description=__doc__)
    parser.add_argument("file", type=Path, help="the spreadsheet to write, e.g. answers.xlsx")
    parser.add_argument("--root", type=Path, default=PROJECT)
    options = parser.parse_args(arguments)
    try:
        library = Library.load(options.root)
    except ContentError as error:
        print(f"{error}\nNothing was written.", file=sys.stderr)
        return 1
    workbook(library.answers.values()).save(options.file)
    print(f"Wrote {len(library.answers)} answers to {options.file}. Grey columns are not read back.")
    return 0


def workbook(answers: Iterable[Answer]) -> Workbook:
    """A workbook with one row per answer and one row per question."""
    book = Workbook()
    sheet: Any = book.active
    sheet.title = spreadsheet.ANSWERS
    answers = list(answers)
    _fill(sheet, spreadsheet.ANSWER_COLUMNS, (_answer_row(answer) for answer in answers))
    rows = ((answer.key, phrase) for answer in answers for phrase in answer.phrases)
    _fill(book.create_sheet(spreadsheet.QUESTIONS), spreadsheet.QUESTION_COLUMNS, rows)
    return book


def _answer_row(answer: Answer) -> list[Any]:
    """The cells of one answer in the order of the columns."""
    special = {
        "sources": ", ".join(answer.sources),
        "clinical_review": answer.clinical_review.name if answer.clinical_review else "pending",
    }
    return [special.get(name, getattr(answer, name)) for name in spreadsheet.ANSWER_COLUMNS]


def _fill(sheet: Any, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a heading and rows; the heading stays in sight, long cells wrap, read-only columns are grey."""
    sheet.append(list(columns))
    for number, row in enumerate(rows, start=2):
        for column, value in enumerate(row, start=1):
            cell = sheet.cell(number, column)
            spreadsheet.write_cell(cell, value)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            if columns[column - 1] in (*spreadsheet.READ_ONLY, "key"):
                cell.fill = GREY
    for column, name in enumerate(columns, start=1):
        sheet.cell(1, column).font = Font(bold=True)
        sheet.column_dimensions[get_column_letter(column)].width = spreadsheet.WIDTHS.get(name, 14)
    sheet.freeze_panes = "B2"


if __name__ == "__main__":
    sys.exit(main())
