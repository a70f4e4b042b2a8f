"""Two or three treatments, or causes, side by side, aspect by aspect, every cell with its source; never a winner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hair_answers.knowledge.bubble import Bubble, curated
from hair_answers.knowledge.context import Context
from hair_answers.knowledge.follow_ups import Names, rules, values
from hair_answers.knowledge.library import Library
from hair_answers.knowledge.treatments import Treatment

MOST = 3  # columns: more do not fit a phone


def reply(names: Names, context: Context, library: Library) -> list[Bubble]:
    """Return the curated side-by-side answer of a pair, where there is one, and the table."""
    compared = subjects(names, context, library)
    if len(compared) < 2:
        return [_ask_which(library)]
    keys = {treatment.key for treatment in compared}
    pairs = rules()["comparisons"]
    written = [
        row["answer"] for row in pairs if set(row["subjects"]) == keys and library.answer(row["answer"])
    ]
    table = side_by_side(compared)
    if not table["rows"]:
        return [_ask_which(library)]
    answers = tuple(treatment.answer for treatment in compared)
    said = {"names": _and(table["columns"])}
    sources = tuple(
        dict.fromkeys(s for row in table["rows"] for cell in row["cells"] for s in cell["sources"])
    )
    chips = (*answers, "providers/questions_to_ask")
    extra = {"table": table, "sources": sources}
    return [*map(curated, written), Bubble("utter_comparison", said, answers, answers[0], chips, extra)]


def subjects(names: Names, context: Context, library: Library) -> list[Treatment]:
    """Return what is to be compared: the named, filled up from the conversation; one kind only."""
    known = library.treatments
    named = [name for name in values(names, "subject") if name in known]
    found = [known[name] for name in named]
    if len(found) < 2:
        spoken = [answer.subject for key in context.recent if (answer := library.answer(key))]
        earlier = [known[name] for name in dict.fromkeys(spoken) if name in known and name not in named]
        found = [*reversed(earlier[: 2 - len(found)]), *found]
    if len(found) == 1 and found[0].kind == "treatment" and found[0].key != rules()["subject"]:
        found.append(known[rules()["subject"]])
    return [one for one in found if one.kind == found[0].kind][:MOST]


def side_by_side(compared: Sequence[Treatment]) -> dict[str, Any]:
    """Return the table: columns, and rows of cells with their sources; rows nobody has a fact for are left out."""
    rows = []
    for aspect, label in rules()["comparison_rows"].items():
        cells = [treatment.cells.get(aspect) for treatment in compared]
        if any(cell and cell.sources for cell in cells):
            shown = [
                {"text": cell.text, "sources": list(cell.sources)}
                if cell and cell.sources
                else {"text": rules()["not_known"], "sources": []}
                for cell in cells
            ]
            rows.append({"label": label, "cells": shown})
    return {"columns": [treatment.name for treatment in compared], "rows": rows}


def lines(table: dict[str, Any]) -> str:
    """Return the table as CommonMark lines, for channels that draw none."""
    blocks = []
    for row in table["rows"]:
        cells = zip(table["columns"], row["cells"], strict=True)
        blocks.append(
            f"**{row['label']}**\n" + "\n".join(f"- {name}: {cell['text']}" for name, cell in cells)
        )
    return "\n\n".join(blocks)


def _ask_which(library: Library) -> Bubble:
    chips = tuple(row["answer"] for row in rules()["comparisons"])
    names = [treatment.name for treatment in library.treatments.values() if treatment.kind == "treatment"]
    return Bubble("utter_compare_what", {"names": ", ".join(names)}, "fallback/compare_what", chips=chips)


def _and(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"
