"""Read the spreadsheet back into data/faq.

Usage: python -m hair_answers.content_tools.content_import FILE.xlsx

Only what changed is written. Comments, order and every other piece of metadata stay. When one cell cannot
be used, nothing at all is written and the cell is named.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from hair_answers.content_tools import spreadsheet
from hair_answers.content_tools.topic_file import TopicFile
from hair_answers.knowledge import ContentError, Library
from hair_answers.knowledge.answers import EVIDENCE
from hair_answers.knowledge.library import PROJECT

DATES = ("reviewed", "next_review")


class SheetError(Exception):
    """A spreadsheet that cannot be used, told with its cell and the cure."""


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when read back; 1 when the spreadsheet or the content cannot be used (nothing is written then)."""
    parser = argparse.ArgumentParser(prog="content_import", description=__doc__)
    parser.add_argument("file", type=Path, help="the spreadsheet written by content_export")
    parser.add_argument("--root", type=Path, default=PROJECT)
    options = parser.parse_args(arguments)
    try:
        changed = apply(options.file, options.root)
    except (SheetError, ContentError) as error:
        print(f"{error}\nNothing was written.", file=sys.stderr)
        return 1
    print(
        "\n".join(["Changed:", *changed, "Now run: make content-check"])
        if changed
        else "Nothing had changed."
    )
    return 0


def apply(path: Path, root: Path) -> list[str]:
    """Write the changes of the spreadsheet at `path` into the project; returns the files that changed."""
    library = Library.load(root)
    book = _open(path)
    answers = dict(_answers(_sheet(book, spreadsheet.ANSWERS, spreadsheet.ANSWER_COLUMNS), library))
    phrases = _phrases(_sheet(book, spreadsheet.QUESTIONS, spreadsheet.QUESTION_COLUMNS), library)
    files: dict[str, TopicFile] = {}
    for key, values in answers.items():
        name = library.answers[key].file
        file = files.setdefault(name, TopicFile(root / name)) if name not in files else files[name]
        _edit(file, key, values)
        if key in phrases:
            file.set_phrases(key, phrases[key])
    return [name for name, file in files.items() if file.save()]


def _open(path: Path) -> Any:
    try:
        return load_workbook(path)
    except (OSError, BadZipFile, InvalidFileException, KeyError) as error:
        raise SheetError(f"{path} is not a readable spreadsheet ({error}) → save it as .xlsx") from error


def _sheet(book: Any, title: str, columns: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rows of a sheet below its heading, each with its place for messages."""
    if title not in book.sheetnames:
        raise SheetError(f"the sheet {title!r} is missing → export again and edit that file")
    rows = book[title].iter_rows(values_only=True)
    heading = [spreadsheet.read_text(cell) for cell in next(rows, ())]
    missing = [name for name in columns if name not in heading]
    if missing:
        raise SheetError(f"{title}, row 1: column {missing[0]!r} is missing → restore the heading")
    for number, row in enumerate(rows, start=2):
        if any(cell is not None for cell in row):
            yield f"{title}, row {number}", dict(zip(heading, row, strict=False))


def _answers(
    rows: Iterator[tuple[str, dict[str, Any]]], library: Library
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The editable cells of every answer, checked."""
    seen: set[str] = set()
    for place, row in rows:
        key = _known_key(place, row, library)
        if key in seen:
            raise SheetError(f"{place}: {key} is there twice → keep one row")
        seen.add(key)
        values: dict[str, Any] = {name: spreadsheet.read_text(row[name]) for name in spreadsheet.EDITABLE}
        for name in ("title", "brief", "text"):
            if not values[name]:
                raise SheetError(f"{place}: {name} of {key} is empty → write it")
        if values["evidence"] not in EVIDENCE:
            raise SheetError(
                f"{place}: evidence is {values['evidence']!r} → write one of: {', '.join(EVIDENCE)}"
            )
        for name in DATES:
            values[name] = spreadsheet.read_date(row[name])
            if values[name] is None:
                raise SheetError(f"{place}: {name} is {row[name]!r} → write it as YYYY-MM-DD")
        values["sources"] = spreadsheet.read_names(row["sources"])
        unknown = [name for name in values["sources"] if name not in library.sources]
        if unknown:
            raise SheetError(
                f"{place}: source {unknown[0]!r} is not in evidence/sources.yml → add it there first"
            )
        yield key, values


def _phrases(rows: Iterator[tuple[str, dict[str, Any]]], library: Library) -> dict[str, list[str]]:
    """The questions of every key in the order of the sheet."""
    phrases: dict[str, list[str]] = {}
    for place, row in rows:
        question = " ".join(spreadsheet.read_text(row["question"]).split())
        if question:
            phrases.setdefault(_known_key(place, row, library), []).append(question)
    return phrases


def _known_key(place: str, row: dict[str, Any], library: Library) -> str:
    """The row's key, which must have an answer."""
    key = spreadsheet.read_text(row["key"])
    if key not in library.answers:
        raise SheetError(
            f"{place}: {key!r} has no answer → make it first with content_new, or correct the key"
        )
    return key


def _edit(file: TopicFile, key: str, values: dict[str, Any]) -> None:
    """Set what differs in one answer."""
    answer = file.answer(key)
    metadata = answer["metadata"]
    file.set_text(answer, "text", values["text"])
    for name in ("title", "brief", "more"):
        if values[name] or name in metadata:
            file.set_text(metadata, name, values[name])
    for name in ("evidence", *DATES):
        if metadata[name] != values[name]:
            metadata[name] = values[name]
    if list(metadata["sources"]) != values["sources"]:
        metadata["sources"][:] = values["sources"]


if __name__ == "__main__":
    sys.exit(main())
