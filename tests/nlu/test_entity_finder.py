"""Names are found with their synonyms, plurals and slips, and ordinary words are left alone."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from hair_answers.knowledge.library import Library
from hair_answers.nlu.entity_finder import NameFinder

ROOT = Path(__file__).resolve().parents[2]


def names() -> dict[str, list[str]]:
    rows = yaml.safe_load((ROOT / "data" / "nlu" / "entities.yml").read_text(encoding="utf-8"))["nlu"]
    return {row["lookup"]: [line.strip()[2:] for line in row["examples"].splitlines()] for row in rows}


@pytest.fixture(scope="module")
def finder() -> NameFinder:
    return NameFinder(names())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("does PRP hurt", {("subject", "prp"), ("cells", "prp")}),
        ("what about trichotilomania", {("subject", "hair_pulling")}),
        ("finastride side effects", {("subject", "finasteride")}),
        ("alopecia areta", {("subject", "alopecia_areata")}),
        ("after chemo", {("subject", "cancer_treatment")}),
        ("step 3", {("part", "step"), ("ordinal", "3")}),
        ("step three", {("part", "step"), ("ordinal", "3")}),
        ("the 2nd one", {("ordinal", "2")}),
        ("the last benefit", {("ordinal", "last"), ("part", "benefit")}),
        ("studies after 2020", {("year_from", "2020")}),
        ("trials before 2018", {("year_to", "2018")}),
        ("bone marow in 2019", {("cells", "own_marrow"), ("year", "2019")}),
        ("my wife is in the UK", {("sex", "women"), ("region", "UK")}),
        ("nothing to see here", set()),
        ("start the check", set()),
    ],
)
def test_names_in_a_message(finder: NameFinder, text: str, found: set[tuple[str, str]]) -> None:
    assert {(name.kind, name.value) for name in finder.find(text)} == found


def test_of_overlapping_names_the_longer_counts(finder: NameFinder) -> None:
    kinds = [
        (name.kind, name.value) for name in finder.find("female pattern hair loss") if name.kind == "subject"
    ]
    assert kinds == [("subject", "pattern_baldness")]


def test_places_count_in_the_text_as_typed(finder: NameFinder) -> None:
    text = "is trichotilomania or finastride worse"
    assert [text[name.start : name.end] for name in finder.find(text)] == ["trichotilomania", "finastride"]


def test_every_subject_of_the_file_has_answers() -> None:
    subjects = {answer.subject for answer in Library.default().answers.values()}
    named = {label.partition("/")[2] for label in names() if label.startswith("subject/")}
    assert named <= subjects


def test_every_study_name_leads_to_a_study() -> None:
    studies = Library.default().studies
    named = [label.partition("/")[2] for label in names() if label.startswith("study/")]
    assert [name for name in named if not any(key.startswith(name) for key in studies)] == []


def test_every_kind_is_an_entity_of_the_domain() -> None:
    domain = yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8"))
    assert {label.partition("/")[0] for label in names()} <= set(domain["entities"])
