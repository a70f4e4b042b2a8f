"""Structured study rows for the research answers and look-ups (evidence/studies.yml)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hair_answers.knowledge.fields import Fields
from hair_answers.knowledge.problem import Report
from hair_answers.knowledge.yaml_file import read_yaml

FIELDS = (
    "key", "year", "authors", "first_author", "title_plain", "journal", "doi", "pmid", "nct", "kind",
    "design", "placebo", "blinded", "people", "women", "men", "sex", "condition", "cells",
    "product_plain", "route", "follow_up_weeks", "outcome", "limits", "status", "source", "answers",
)  # fmt: skip
NUMBERS = ("year", "people", "women", "men", "follow_up_weeks")
FLAGS = ("placebo", "blinded")
NAMES = ("authors", "cells", "answers")
REQUIRED = ("key", "year", "title_plain", "design", "outcome", "limits", "status", "source")


@dataclass(frozen=True)
class Study:
    """One study; numbers and yes/no facts are None where the publication did not show them."""

    key: str
    year: int | None
    authors: tuple[str, ...]
    first_author: str
    title_plain: str
    journal: str
    doi: str
    pmid: str
    nct: str
    kind: str
    design: str
    placebo: bool | None
    blinded: bool | None
    people: int | None
    women: int | None
    men: int | None
    sex: str
    condition: str
    cells: tuple[str, ...]
    product_plain: str
    route: str
    follow_up_weeks: int | None
    outcome: str
    limits: str
    status: str
    source: str
    answers: tuple[str, ...]
    file: str
    line: int


def load_studies(root: Path, report: Report) -> dict[str, Study]:
    """Every study by its key in file order; no file means no studies yet."""
    path = root / "evidence" / "studies.yml"
    if not path.exists():
        return {}
    file = read_yaml(path, root)
    data = file.data
    place: tuple[str, ...] = ()
    if isinstance(data, dict) and "studies" in data:
        data, place = data["studies"], ("studies",)
    if not isinstance(data, list):
        report(
            file.problem("studies", "is not a list", "write each study as `- key: tak_2020` and its fields")
        )
        return {}
    studies: dict[str, Study] = {}
    for index, row in enumerate(data):
        if not isinstance(row, dict):
            report(file.problem(str(index), f"is {row!r}, not a study", "write `- key: …`", *place, index))
            continue
        fields = Fields(file, (*place, index), str(row.get("key", index)), row, report)
        study = _read_study(fields)
        if study.key in studies:
            fields.complain("key", f"{study.key} is used twice", "give each study its own key")
        studies[study.key] = study
    return studies


def _read_study(fields: Fields) -> Study:
    """One study row."""
    fields.refuse_unknown(FIELDS)
    values: dict[str, Any] = {}
    for name in FIELDS:
        if name in NUMBERS:
            values[name] = _whole(fields, name)
        elif name in FLAGS:
            values[name] = _yes_no(fields, name)
        elif name in NAMES:
            values[name] = fields.texts(name)
        else:
            values[name] = fields.text(name, required=name in REQUIRED)
    return Study(**values, file=fields.file.name, line=fields.file.line(*fields.path))


def _whole(fields: Fields, name: str) -> int | None:
    """A whole number, or None when the row has none."""
    return None if fields.data.get(name) is None else fields.number(name, 0)


def _yes_no(fields: Fields, name: str) -> bool | None:
    """A yes/no fact, or None when the row does not say."""
    return None if fields.data.get(name) is None else fields.flag(name, False)


def by_answer(studies: Mapping[str, Study]) -> dict[str, tuple[Study, ...]]:
    """The studies each answer rests on."""
    found: dict[str, list[Study]] = {}
    for study in studies.values():
        for key in study.answers:
            found.setdefault(key, []).append(study)
    return {key: tuple(rows) for key, rows in found.items()}
