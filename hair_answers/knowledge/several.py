"""Answers a message that asks several things: each part in its turn, each knowing what the ones before were about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hair_answers.knowledge import comparison, follow_ups, research, trust
from hair_answers.knowledge.answers import PREFIX
from hair_answers.knowledge.bubble import Bubble, curated
from hair_answers.knowledge.context import Context, topic
from hair_answers.knowledge.follow_ups import Names, rules, values
from hair_answers.knowledge.library import Library

Part = Mapping[str, Any]  # text, key, decision, candidates, names


def reply(parts: Sequence[Part], everything: Names, context: Context, library: Library) -> list[Bubble]:
    """Return a lead-in and one bubble a part, in order; parts that lead to one answer are answered once.

    `everything` holds the names of the whole message, statements included.
    """
    bubbles: list[Bubble] = []
    for part in parts:
        names = _names(part, part is parts[0], everything)
        for bubble in _answer(part, names, context, library):
            if bubble not in bubbles:
                bubbles.append(bubble)
        context = context.after(*_keys(bubbles[-1:]))
    if len(parts) < 2 or len(bubbles) < 2:
        return bubbles
    lead_in = Bubble("utter_several_lead_in", answer=tuple(_keys(bubbles)), extra={"lead_in": True})
    return [lead_in, *bubbles]


def _keys(bubbles: Sequence[Bubble]) -> list[str]:
    keys: list[str] = []
    for bubble in bubbles:
        answer = bubble.answer or bubble.response.removeprefix(PREFIX)
        keys += [answer] if isinstance(answer, str) else answer
    return list(dict.fromkeys(keys))


def _names(part: Part, is_first: bool, everything: Names) -> Names:
    """Return the names of a part; a first part without a subject borrows the one subject of the message."""
    own = [(str(kind), str(value)) for kind, value in part["names"]]
    if values(own, "subject") or not is_first:
        return own
    named = [one for one in values(everything, "subject") if one not in rules()["general_subjects"]]
    return [*own, ("subject", named[0])] if len(named) == 1 else own


def _answer(part: Part, names: Names, context: Context, library: Library) -> list[Bubble]:
    if part["decision"] == "answer":
        return answer_key(part["key"], part["text"], names, context, library)
    keys = tuple(key for key in part["candidates"] if library.answer(key))
    said = {"part": str(part["text"]).rstrip(" ?.!")}
    return [Bubble("utter_part_unanswered", said, "fallback/did_you_mean", chips=keys)]


def answer_key(key: str, text: str, names: Names, context: Context, library: Library) -> list[Bubble]:
    """Return what answers one understood question, whatever kind it is."""
    kind = key.partition("/")[2]
    if topic(key) != "follow_up":
        if library.answer(key) is None and PREFIX + key not in library.voice:
            return [Bubble("utter_part_person", answer="fallback/part")]
        return [curated(follow_ups.settle(key, text, names, context, library))]
    if kind == "compare":
        return comparison.reply(names, context, library)
    if kind == "studies":
        return research.reply(names, context, library)
    if kind in trust.WORDING:
        return trust.reply(kind, names, context, library)
    return follow_ups.reply(kind, names, context, library)
