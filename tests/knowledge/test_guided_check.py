"""The guided check reads choices and writes notes; it never gives a verdict."""

from __future__ import annotations

import pytest

from hair_answers.knowledge import guided_check
from hair_answers.knowledge.library import Library
from hair_answers.speech.wording import compose

LIBRARY = Library.default()


@pytest.mark.parametrize("slot", guided_check.slots())
def test_every_button_is_read_as_itself(slot: str) -> None:
    codes = [guided_check.read(slot, title) for title in guided_check.titles(slot)]
    assert codes == [[option["code"]] for option in guided_check.rules()["slots"][slot]["options"]]


@pytest.mark.parametrize(
    ("slot", "text", "codes"),
    [
        ("guided_kind", "my hairline is receding", ["pattern"]),
        ("guided_kind", "no idea", ["unsure"]),
        ("guided_age", "I'm 45", ["middle"]),
        ("guided_age", "17", ["child"]),
        ("guided_tried", "minoxidil and prp", ["minoxidil", "prp"]),
        ("guided_tried", "no, nothing", ["nothing"]),
        ("guided_health", "i take warfarin and have lupus", ["immunity", "thinners"]),
        ("guided_health", "none", ["none"]),
        ("guided_duration", "purple", []),
    ],
)
def test_free_text(slot: str, text: str, codes: list[str]) -> None:
    assert guided_check.read(slot, text) == codes


def test_stop_is_stop_and_nothing_else() -> None:
    assert guided_check.wants_to_stop("STOP!")
    assert not guided_check.wants_to_stop("does hair loss stop by itself")


def test_the_notes_put_red_flags_first_and_hold_sources_but_no_verdict() -> None:
    chosen = {
        "guided_kind": ["patches"], "guided_duration": ["weeks"], "guided_age": ["child"],
        "guided_tried": ["nothing"], "guided_health": ["thinners"],
    }  # fmt: skip
    message = compose(guided_check.notes(chosen, ["safety/pregnancy"], LIBRARY), LIBRARY, "rest")
    text = message["text"]
    for key in ("safety/sudden_or_patchy_loss", "safety/child", "safety/blood_thinners", "safety/pregnancy"):
        assert LIBRARY.answers[key].title in text
        assert text.index(LIBRARY.answers[key].title) < text.index("Worth knowing")
    assert message["metadata"]["sources"]
    assert "{" not in text
    assert not {"suitable", "recommend", "you should have", "good candidate"} & set(text.lower().split())


def test_the_rules_name_only_answers_that_exist() -> None:
    rules = guided_check.rules()
    options = [option for slot in rules["slots"].values() for option in slot["options"]]
    keys = [
        key
        for option in options
        for key in (*option["read"], *([option["flag"]] if "flag" in option else []))
    ]
    assert [
        key
        for key in [*keys, *rules["first"], *rules["ask"], *rules["weighed"]]
        if key not in LIBRARY.answers
    ] == []
