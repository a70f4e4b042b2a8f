"""A message is read by what it plainly means, else by likeness, else by its aspect and the name in it."""

from __future__ import annotations

from hair_answers.nlu.matcher import Match
from hair_answers.nlu.turn_reader import read


def fixed(**answers: tuple[str, float, str]) -> object:
    """A matcher that answers by a word in the text."""

    def match(text: str) -> Match:
        for word, (key, confidence, decision) in answers.items():
            if word in text:
                return Match(((key, confidence),), confidence, decision)
        return Match((("x/y", 0.1),), 0.1, "abstain")

    return match


def entity(text: str, name: str, kind: str, value: str) -> dict:
    start = text.index(name)
    return {"entity": kind, "value": value, "start": start, "end": start + len(name)}


def test_plain_words_beat_likeness() -> None:
    text = "and for prp"
    reading = read(
        text, [entity(text, "prp", "subject", "prp")], fixed(prp=("alternatives/prp", 0.6, "answer"))
    )  # type: ignore[arg-type]
    assert reading.match.key == "follow_up/new_subject"


def test_a_named_subject_and_a_known_aspect_are_a_follow_up() -> None:
    text = "does microneedling hurt"
    match = fixed(
        microneedling=("alternatives/microneedling", 0.3, "offer"), hurt=("follow_up/pain", 0.95, "answer")
    )
    reading = read(text, [entity(text, "microneedling", "subject", "microneedling")], match)  # type: ignore[arg-type]
    assert reading.match.key == "follow_up/pain"


def test_a_clear_match_is_left_alone() -> None:
    text = "does prp hurt"
    match = fixed(prp=("alternatives/prp_pain", 0.9, "answer"), hurt=("follow_up/pain", 0.95, "answer"))
    assert read(text, [entity(text, "prp", "subject", "prp")], match).match.key == "alternatives/prp_pain"  # type: ignore[arg-type]


def test_parts_carry_their_names_and_travel_as_plain_data() -> None:
    text = "does prp hurt and how much is it"
    match = fixed(hurt=("alternatives/prp_pain", 0.9, "answer"), much=("follow_up/cost", 0.8, "answer"))
    reading = read(text, [entity(text, "prp", "subject", "prp")], match)  # type: ignore[arg-type]
    first, second = (part.as_dict() for part in reading.parts)
    assert first["names"] == [["subject", "prp"]]
    assert (second["key"], second["names"], second["decision"]) == ("follow_up/cost", [], "answer")
    assert reading.match.decision == "answer"
