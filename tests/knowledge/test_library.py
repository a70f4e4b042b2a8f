"""The library: loading, look-ups, and errors that name the cure."""

from datetime import date

import pytest

from hair_answers.knowledge import ContentError, Library

FAQ = "data/faq/causes.yml"


@pytest.fixture
def library(tiny):
    return Library.load(tiny.root)


def test_answer_carries_all_of_its_file(library):
    answer = library.answer("causes/stress")
    assert answer.topic == "causes"
    assert answer.title == "Stress and hair"
    assert answer.text.startswith("Stress can make hair shed.")
    assert answer.sources == ("A", "B", "S46")
    assert answer.related == ("causes/women", "causes/men")
    assert answer.reviewed == date(2026, 1, 10)
    assert answer.clinical_review is None
    assert answer.response == "utter_causes/stress"
    assert len(answer.phrases) == 16


def test_line_numbers_point_at_the_file(tiny, library):
    lines = (tiny.root / FAQ).read_text(encoding="utf-8").splitlines()
    answer = library.answer("causes/women")
    assert lines[answer.line - 1].strip() == "utter_causes/women:"
    assert lines[answer.phrase_lines[3] - 1].strip() == f"- {answer.phrases[3]}"


def test_look_ups(library):
    stress = library.answers["causes/stress"]
    assert library.about("stress", "definition") is stress
    assert library.about("stress", "cost") is None
    assert library.aspects("stress") == {"definition": stress}
    assert library.titled("  stress AND hair ") is stress
    assert list(library.topics()) == ["causes"]
    assert [source.key for source in library.sources_of(stress)] == ["A", "B", "S46"]
    assert [study.key for study in library.studies_of("causes/stress")] == ["leaf_2020"]
    assert len(library.claims_of("causes/stress")) == 72
    assert library.treatments["waiting"].cells["cost"].sources == ("S46",)
    assert library.voice["utter_welcome"].text == "Hello. I am a program, not a doctor."


def test_days_to_review(library):
    assert library.answers["causes/men"].days_to_review(date(2026, 7, 11)) == -1


def test_signed_review_is_read(tiny):
    tiny.replace(
        FAQ, "clinical_review: pending", "clinical_review: {name: A. Reader, role: Doctor, date: 2026-02-01}"
    )
    signed = Library.load(tiny.root).answers["causes/stress"].clinical_review
    assert (signed.name, signed.role, signed.date) == ("A. Reader", "Doctor", date(2026, 2, 1))


def test_extra_metadata_is_kept(tiny):
    tiny.replace(FAQ, "origin: both", "origin: both\n      tier: 0\n      rule: R01")
    assert Library.load(tiny.root).answers["causes/stress"].extra == {"tier": 0, "rule": "R01"}


def test_answers_cannot_be_changed(library):
    with pytest.raises(AttributeError):
        library.answers["causes/stress"].title = "Other"


def test_two_answers_with_one_key_are_refused(tiny):
    tiny.replace(FAQ, "utter_causes/women:", "utter_causes/men:")
    tiny.write("data/faq/more.yml", 'version: "3.1"\nresponses:\n  utter_causes/stress:\n  - text: Hi\n')
    with pytest.raises(
        ContentError, match=r"more\.yml:3 causes/stress: is already answered in data/faq/causes\.yml"
    ):
        Library.load(tiny.root)


def test_every_fault_is_named_at_once(tiny):
    tiny.replace(FAQ, "evidence: moderate", "evidence: strong")
    tiny.replace(FAQ, "title: Hair loss in men", "title:")
    with pytest.raises(ContentError) as caught:
        Library.load(tiny.root)
    assert [problem.key for problem in caught.value.problems] == ["causes/stress", "causes/men"]


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        (FAQ, "    metadata:\n", "    metaddata:\n", "has no `metadata:`"),
        (FAQ, "utter_causes/men:", "uter_causes/men:", "is not an answer's name"),
        (FAQ, "sources: [A, B, S46]", "sources: S46", "`sources` is 'S46', not a list"),
        (FAQ, "  - text: |", "  - txt: |", "`text` is missing"),
        (FAQ, "sources: [A, B, S46]", "sources: [A, B, S99]", "sources names 'S99'"),
        (FAQ, "related: [causes/women", "related: [causes/gone", "related names 'causes/gone'"),
        ("evidence/sources.yml", "https://leaflet.example", "leaflet.example", "start it with https://"),
        ("evidence/sources.yml", "shown: false", "shown: no way", "`shown` is 'no way'"),
        ("evidence/claims.yml", "verdict: ok", "verdict: fine", "`verdict` is 'fine'"),
        ("evidence/claims.yml", "id: A02", "id: A01", "A01 is used twice"),
        ("evidence/studies.yml", "outcome:", "outcom:", "`outcom` is not a known field"),
        ("evidence/treatments.yml", "cells:", "cels:", "`cels` is not a known field"),
        ("data/voice.yml", "- text: Hello", "- txt: Hello", "says nothing"),
    ],
)
def test_fault_is_named_with_its_file(tiny, name, old, new, message):
    tiny.replace(name, old, new)
    with pytest.raises(ContentError) as caught:
        Library.load(tiny.root)
    assert any(problem.file == name and message in str(problem) for problem in caught.value.problems)


def test_the_default_library_is_loaded_once():
    assert Library.default() is Library.default()
