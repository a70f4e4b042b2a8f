"""Reads one typed message: what it plainly means, what it resembles, and whether it asks several things."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hair_answers.nlu.follow_up_reader import plain_meaning
from hair_answers.nlu.matcher import Match
from hair_answers.nlu.question_splitter import split, surfaces

PLAIN = 0.98  # confidence of what the wording alone decides
CANDIDATES = 3

Entities = Sequence[dict[str, Any]]  # as Rasa writes them: entity, value, start, end


@dataclass(frozen=True)
class ReadPart:
    """One question of a message: its words, what was matched, and the names in it."""

    text: str
    match: Match
    names: tuple[tuple[str, str], ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the part as it travels to the actions."""
        return {
            "text": self.text,
            "key": self.match.key,
            "confidence": round(self.match.confidence, 4),
            "decision": self.match.decision,
            "candidates": [key for key, _ in self.match.ranking[:CANDIDATES]],
            "names": [list(name) for name in self.names],
        }


@dataclass(frozen=True)
class Reading:
    """The match of the whole message, and its parts when it asks several things."""

    match: Match
    parts: tuple[ReadPart, ...] = ()


def read(text: str, entities: Entities, match: Callable[[str], Match]) -> Reading:
    """Return what `text` asks; `match` scores a text against every answer."""

    def names_in(part: str) -> tuple[tuple[str, str], ...]:
        return tuple((name["entity"], str(name["value"])) for name in surfaces(entities, text, part))

    def match_plainly(part: str) -> Match:
        found = match(part)
        key = plain_meaning(part, names_in(part))
        return found if key is None else Match(((key, PLAIN), *found.ranking), PLAIN, "answer")

    whole = match_plainly(text)
    parts = tuple(ReadPart(part.text, part.match, names_in(part.text)) for part in split(text, match_plainly))
    if not parts:
        return Reading(whole)
    # The message was understood when each part was, whatever the whole resembles.
    surest = max(part.match.confidence for part in parts)
    return Reading(replace(whole, confidence=surest, decision="answer"), parts)
