"""Several questions are taken apart; one question stays whole however it is worded."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from hair_answers.nlu.question_splitter import clauses, expand, is_question, split, surfaces


@dataclass(frozen=True)
class Said:
    key: str
    confidence: float = 0.9
    decision: str = "answer"


def by_word(**keys: str) -> object:
    """A matcher that knows a text by a word in it; what it does not know it abstains from."""

    def match(text: str) -> Said:
        for word, key in keys.items():
            if word in text.lower():
                return Said(key)
        return Said("x/unknown", 0.1, "abstain")

    return match


MATCH = by_word(much="cost/price", hurt="procedure/pain", safe="risks/overview", thanks="small_talk/thanks")


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("how much is it and does it hurt?", ["how much is it", "does it hurt?"]),
        ("is it safe? who offers it?", ["is it safe?", "who offers it?"]),
        ("hi, how much is it and how many sessions thx", ["how much is it", "how many sessions"]),
        (
            "what is it, does it work, and how long does it last",
            ["what is it", "does it work", "how long does it last"],
        ),
        ("I tried minoxidil. Is PRP worth it? And how much is it?", ["Is PRP worth it?", "how much is it?"]),
        ("what is the price n how long does it take", ["what is the price", "how long does it take"]),
        (
            "i want to know what causes it and how to stop it",
            ["i want to know what causes it", "how to stop it"],
        ),
    ],
)
def test_boundaries(text: str, pieces: list[str]) -> None:
    assert clauses(text) == pieces


@pytest.mark.parametrize(
    "text",
    [
        "what causes hair loss and thinning",
        "what happens if i stop and start minoxidil",
        "how and when is it done",
        "can women and men use it",
        "i had chemo and now does my hair come back",
        "my hair is thin and i want to know why",
        "can i wash my hair and when",
        "does stress and worry cause it",
    ],
)
def test_one_question_has_one_piece(text: str) -> None:
    assert len(clauses(text)) <= 1


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("pros and cons", ["what are the benefits", "what are the drawbacks"]),
        (
            "cost, pain and recovery of a transplant",
            ["the cost of a transplant", "the pain of a transplant", "the recovery of a transplant"],
        ),
        ("what are the risks and benefits of prp", ["what are risks of prp", "what are benefits of prp"]),
        ("hair loss and thinning", ["hair loss and thinning"]),
        ("risks and dangers", ["risks and dangers"]),
    ],
)
def test_aspects_in_one_breath(text: str, pieces: list[str]) -> None:
    assert [piece.replace("what are the risks of", "what are risks of") for piece in expand(text)] == pieces


def test_parts_come_in_order_with_their_matches() -> None:
    parts = split("does it hurt and how much is it", MATCH)  # type: ignore[arg-type]
    assert [part.match.key for part in parts] == ["procedure/pain", "cost/price"]


def test_the_same_question_twice_is_one() -> None:
    assert split("how much is it? how much does it cost?", MATCH) == []  # type: ignore[arg-type]


def test_small_talk_is_no_part() -> None:
    assert split("how much is it? is that ok thanks?", MATCH) == []  # type: ignore[arg-type]


def test_an_unknown_half_is_a_part_to_decline() -> None:
    parts = split("how much is it and what is the capital of france", MATCH)  # type: ignore[arg-type]
    assert [part.match.decision for part in parts] == ["answer", "abstain"]


def test_a_whole_that_is_clearer_stays_whole() -> None:
    def match(text: str) -> Said:
        return Said("a/whole", 0.95) if " and " in text else Said(f"a/{text.split()[0]}", 0.5)

    assert split("how does this go and what comes of it", match) == []  # type: ignore[arg-type]


def test_an_aspect_alone_is_a_question() -> None:
    assert is_question("price and side effects")
    assert not is_question("my hair is thin")


def test_names_go_to_the_part_they_stand_in() -> None:
    text = "does prp hurt and is minoxidil safe"
    names = [{"start": 5, "end": 8, "value": "prp"}, {"start": 21, "end": 30, "value": "minoxidil"}]
    assert surfaces(names, text, "does prp hurt") == names[:1]
