"""Makes a message of the bot's own words: placeholders, sources, chips. Shared by the bot and its actions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from hair_answers.knowledge import comparison
from hair_answers.knowledge.bubble import Bubble
from hair_answers.knowledge.library import Library
from hair_answers.speech import provenance

Message = dict[str, Any]

# Channels that show bare text: the source line and a table's lines are part of it. The others draw the metadata.
PLAIN_CHANNELS = frozenset({"rest", "cmdline"})
NONE_OF_THESE = "/fallback/none_of_these"
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def fill(text: str, values: Mapping[str, Any]) -> str:
    """Fill known {placeholders} only: nothing a person types can reach Python's formatting."""
    return _PLACEHOLDER.sub(lambda match: str(values.get(match.group(1), match.group())), text)


def buttons(chips: Sequence[str], library: Library) -> list[dict[str, str]]:
    """Return one button an answer."""
    known = [answer for key in chips if (answer := library.answer(key))]
    return [{"title": answer.title, "payload": f"/{answer.key}"} for answer in known]


def compose(bubble: Bubble, library: Library, channel: str) -> Message:
    """Return the whole message of a bubble in the bot's own words: text, buttons, metadata."""
    utterance = library.voice[bubble.response]
    metadata = _metadata(bubble, library)
    values = {**library.clinic.placeholders(), **_facts(bubble, metadata, library), **bubble.values}
    text = fill(utterance.text, values).strip()
    chips = [chip for chip in dict.fromkeys(bubble.chips) if chip not in _silent(bubble)]
    offered = buttons(chips, library)
    if bubble.extra.get("none_of_these"):
        offered.append({"title": library.voice["utter_none_of_these"].text, "payload": NONE_OF_THESE})
    if channel in PLAIN_CHANNELS:
        text = "\n\n".join(part for part in (text, *_plain_parts(bubble, metadata)) if part)
    return {"text": text, "buttons": offered, "metadata": metadata}


def _silent(bubble: Bubble) -> tuple[str, ...]:
    """Return the keys no chip repeats: the one just answered."""
    return (bubble.answer,) if isinstance(bubble.answer, str) else ()


def _metadata(bubble: Bubble, library: Library) -> dict[str, Any]:
    about = library.answer(bubble.about) if bubble.about else None
    keys = bubble.extra.get("sources")
    metadata: dict[str, Any] = {"sources": [], "related": list(bubble.chips)}
    if about:
        sources = library.sources_of(about)
        if keys:
            sources = tuple(library.sources[key] for key in keys if key in library.sources)
        metadata = provenance.provenance(about, sources)
        if keys:
            metadata.update(origin=provenance.origin_of(keys), source_line=provenance.names_line(sources))
            metadata["origin_label"] = provenance.labels()["origin"][metadata["origin"]]
    answer = list(bubble.answer) if isinstance(bubble.answer, tuple) else bubble.answer
    extra = {name: value for name, value in bubble.extra.items() if name not in ("sources", "none_of_these")}
    return {**metadata, "answer": answer, **extra}


def _facts(bubble: Bubble, metadata: Mapping[str, Any], library: Library) -> dict[str, str]:
    """Return what the bot's own words may say of the answer they are about."""
    about = library.answer(bubble.about) if bubble.about else None
    if about is None:
        return {}
    named = metadata["sources"]
    return {
        "title": about.title,
        "origin": metadata["origin_label"],
        "evidence": metadata["evidence_label"],
        "reviewed": provenance.plain_day(about.reviewed),
        "next_review": provenance.plain_day(about.next_review),
        "signed_off": provenance.signed_off(about),
        "source_list": "\n".join(f"- {provenance.cite(source)}" for source in named),
    }


def _plain_parts(bubble: Bubble, metadata: Mapping[str, Any]) -> list[str]:
    table = metadata.get("table")
    # Words about the sources need no source line below them.
    line = "" if bubble.extra.get("part") in ("source", "reviewed") else metadata.get("source_line") or ""
    return [comparison.lines(table) if table else "", str(line)]
