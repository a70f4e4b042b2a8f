"""What comparisons need beside the answers: each treatment's cells by aspect (evidence/treatments.yml)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hair_answers.knowledge.fields import Fields
from hair_answers.knowledge.problem import Report
from hair_answers.knowledge.yaml_file import expect_mapping, read_yaml

FIELDS = ("name", "kind", "answer", "cells")


@dataclass(frozen=True)
class Cell:
    """One short statement about a treatment with its source keys."""

    text: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Treatment:
    """A treatment as a comparison shows it: plain name, kind, its main answer and its cells by aspect."""

    key: str
    name: str
    kind: str
    answer: str
    cells: Mapping[str, Cell]
    file: str
    line: int


def load_treatments(root: Path, report: Report) -> dict[str, Treatment]:
    """Every treatment by its key in file order; no file means none yet."""
    path = root / "evidence" / "treatments.yml"
    if not path.exists():
        return {}
    file = read_yaml(path, root)
    treatments: dict[str, Treatment] = {}
    data, place = expect_mapping(file, report), ()
    if set(data) == {"treatments"} and isinstance(data["treatments"], dict):
        data, place = data["treatments"], ("treatments",)  # type: ignore[assignment]
    for key, row in data.items():
        here = (*place, key)
        if not isinstance(row, dict):
            report(
                file.problem(str(key), f"is {row!r}, not a treatment", f"give it {', '.join(FIELDS)}", *here)
            )
            continue
        fields = Fields(file, here, str(key), row, report)
        fields.refuse_unknown(FIELDS)
        treatments[str(key)] = Treatment(
            key=str(key),
            name=fields.text("name"),
            kind=fields.text("kind", required=False),
            answer=fields.text("answer", required=False),
            cells=_cells(fields),
            file=file.name,
            line=file.line(*here),
        )
    return treatments


def _cells(fields: Fields) -> dict[str, Cell]:
    """The cells of one treatment by aspect."""
    cells = fields.data.get("cells")
    if not isinstance(cells, dict):
        fields.complain("cells", f"is {cells!r}", "write `cells:` with one entry per aspect")
        return {}
    found: dict[str, Cell] = {}
    for aspect, cell in cells.items():
        here = (*fields.path, "cells", aspect)
        data = cell if isinstance(cell, dict) else {}
        entry = Fields(fields.file, here, f"{fields.key} {aspect}", data, fields.report)
        found[str(aspect)] = Cell(entry.text("text"), entry.texts("sources"))
    return found
