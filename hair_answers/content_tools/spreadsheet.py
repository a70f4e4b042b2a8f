"""The layout that export and import share: two sheets, their columns, and how a cell is written and read."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

ANSWERS = "Answers"
QUESTIONS = "Questions"
EDITABLE = ("title", "brief", "text", "more", "evidence", "sources", "reviewed", "next_review")
READ_ONLY = ("subject", "aspect", "origin", "clinical_review", "file")
ANSWER_COLUMNS = ("key", *EDITABLE, *READ_ONLY)
QUESTION_COLUMNS = ("key", "question")
WIDTHS = {"key": 34, "title": 30, "brief": 40, "text": 80, "more": 60, "sources": 24, "question": 90}


def write_cell(cell: Any, value: Any) -> None:
    """Write text as text: a phrase that starts with = must not become a formula."""
    cell.value = value
    if isinstance(value, str):
        cell.data_type = "s"


def read_text(value: Any) -> str:
    """A cell as text without spaces around it; an empty cell is an empty text."""
    return "" if value is None else str(value).replace("\r\n", "\n").strip()


def read_date(value: Any) -> date | None:
    """A cell as a date, whether the program kept it as a date or as text; None when it is neither."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(read_text(value))
    except ValueError:
        return None


def read_names(value: Any) -> list[str]:
    """A cell of names with commas between them."""
    return [name.strip() for name in read_text(value).split(",") if name.strip()]
