"""Reads one typed message: what it plainly means, what it resembles, and whether it asks several things."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hair_answers.knowledge.follow_ups import rules
from hair_answers.nlu.follow_up_reader import plain_meaning, without_opening
from hair_answers.nlu.matcher import Match
from hair_answers.nlu.question_splitter import split, surfaces

PLAIN = 0.98  # confidence of what the wording alone decides
CANDIDATES = 3
SURE_ASPECT = 0.8  # confidence of the bare aspect

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


def _without_follow_ups(found: Match) -> Match:
    """Return a match, as not understood when it is only another follow-up."""
    return replace(found, decision="abstain") if found.key.startswith("follow_up/") else found


def _match_as_follow_up(
    part: str, entities: Entities, text: str, match: Callable[[str], Match]
) -> Match | None:
    """Return what "does it hurt" means for "does microneedling hurt": the names tell of what, the rest tells what.

    Only for a part that resembles no answer as it stands.
    """
    subjects = [name for name in surfaces(entities, text, part) if name["entity"] == "subject"]
    if len({name["value"] for name in subjects}) != 1:
        return None
    bare = part
    for name in subjects:
        bare = re.sub(re.escape(text[name["start"] : name["end"]]), "it", bare, flags=re.IGNORECASE)
    found = match(bare)
    is_aspect = found.key.removeprefix("follow_up/") in rules()["kinds"]
    return found if is_aspect and found.confidence >= SURE_ASPECT and found.decision == "answer" else None


def read(text: str, entities: Entities, match: Callable[[str], Match]) -> Reading:
    """Return what `text` asks; `match` scores a text against every answer."""

    def names_in(part: str) -> tuple[tuple[str, str], ...]:
        return tuple((name["entity"], str(name["value"])) for name in surfaces(entities, text, part))

    def match_plainly(part: str) -> Match:
        found, names = match(part), names_in(part)
        key = plain_meaning(part, names)
        if key is not None:
            return Match(((key, PLAIN), *found.ranking), PLAIN, "answer")
        if found.key == "follow_up/new_subject" and not names:
            # A subject that has no name here: what follows "and what about" may still be a question of its own.
            return _without_follow_ups(match(without_opening(part)))
        return (
            found if found.decision == "answer" else _match_as_follow_up(part, entities, text, match) or found
        )

    whole = match_plainly(text)
    parts = tuple(ReadPart(part.text, part.match, names_in(part.text)) for part in split(text, match_plainly))
    if not parts:
        return Reading(whole)
    # The message was understood when each part was, whatever the whole resembles.
    surest = max(part.match.confidence for part in parts)
    return Reading(replace(whole, confidence=surest, decision="answer"), parts)
