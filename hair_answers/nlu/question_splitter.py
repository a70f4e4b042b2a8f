"""Takes a message with several questions apart, and leaves one question whole however long it is.

Sentence and clause boundaries propose (spaCy's blank English), the matcher's confidence disposes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import spacy
import yaml

from hair_answers.nlu.text_cleaner import bare_question, sentences, whole_words

WORDS = Path(__file__).parent / "data" / "question_words.yml"
MOST_PARTS = 4
CLEARLY_ONE = 0.15  # the whole must be this much surer than its parts to stay whole
SURE = 0.7  # a whole this sure is not broken up for a part that is not understood
# Kinds of message that are no question of their own.
NO_QUESTION = frozenset({"small_talk", "feedback", "guided_check", "privacy_request"})
NO_QUESTION_KEYS = frozenset(
    f"follow_up/{kind}"
    for kind in (
        "repeat",
        "clarify",
        "simpler",
        "more",
        "something_else",
        "not_what_i_asked",
        "next",
        "previous",
        "list",
    )
)


class Matched(Protocol):
    """What the matcher says about a text."""

    @property
    def key(self) -> str: ...  # noqa: D102

    @property
    def confidence(self) -> float: ...  # noqa: D102

    @property
    def decision(self) -> str: ...  # noqa: D102


@dataclass(frozen=True)
class Part:
    """One question of a message and what the matcher says about it."""

    text: str
    match: Any


@lru_cache(maxsize=1)
def words() -> dict[str, Any]:
    """Return question_words.yml."""
    data: dict[str, Any] = yaml.safe_load(WORDS.read_text(encoding="utf-8"))
    return data


@lru_cache(maxsize=1)
def _tokens_of() -> Callable[[str], Any]:
    return spacy.blank("en")


def split(text: str, match: Callable[[str], Matched]) -> list[Part]:
    """Return two to four questions, or an empty list when `text` is best taken as one."""
    pieces = [expanded for piece in clauses(text) for expanded in expand(piece)]
    if len(pieces) < 2:
        return []
    whole = match(text)
    parts = _distinct(Part(piece, match(piece)) for piece in pieces)
    answered = [part for part in parts if part.match.decision == "answer"]
    unclear = [part for part in parts if part.match.decision != "answer"]
    if unclear and (not answered or _is_sure_of_more(whole, answered)):
        return []
    if len(parts) < 2:
        return []
    surest = max(part.match.confidence for part in parts)
    if whole.decision == "answer" and whole.confidence > surest + CLEARLY_ONE:
        return []
    return parts[:MOST_PARTS]


def _is_sure_of_more(whole: Matched, answered: list[Part]) -> bool:
    """Tell whether the whole message clearly asks something that none of its clear parts does."""
    sure = whole.decision == "answer" and whole.confidence >= SURE
    return sure and whole.key not in {part.match.key for part in answered}


def _distinct(parts: Iterator[Part]) -> list[Part]:
    """Drop what is no question, and a question that is asked twice."""
    kept: dict[str, Part] = {}
    for part in parts:
        key = part.match.key
        understood = part.match.decision == "answer"
        if understood and (key.partition("/")[0] in NO_QUESTION or key in NO_QUESTION_KEYS):
            continue
        kept.setdefault(key if understood else part.text, part)
    return list(kept.values())


# Boundaries ------------------------------------------------------------------------------------------------


def clauses(text: str) -> list[str]:
    """Return the questions of a text as written; a statement stays with the question it leads to."""
    found: list[str] = []
    for sentence in sentences(bare_question(whole_words(text))):
        pieces = _asking_pieces(sentence)
        if len(pieces) == 1 and not is_question(pieces[0]):
            continue  # a statement: its words still count in the match of the whole message
        found += pieces
    return [_without_leads(piece) for piece in found]


def _asking_pieces(sentence: str) -> list[str]:
    """Cut one sentence where a link word or a comma is followed by a new question."""
    tokens = list(_tokens_of()(sentence))
    cuts = [0]
    for place, token in enumerate(tokens):
        if place and token.lower_ in words()["links"]:
            rest = sentence[token.idx + len(token.text) :]
            if opens_question(rest) and _stands_alone(rest):
                cuts.append(token.idx)
    pieces = [sentence[a:b].strip(" ,") for a, b in zip(cuts, [*cuts[1:], len(sentence)], strict=True)]
    merged: list[str] = []
    for piece in (piece for piece in pieces if piece):
        # "my hair is thin and is it stress", "how and when is it done": the first half asks nothing alone.
        if merged and not (is_question(merged[-1]) and _stands_alone(merged[-1])):
            merged[-1] = f"{merged[-1]} {piece}"
        else:
            merged.append(piece)
    return merged or [sentence]


def opens_question(text: str) -> bool:
    """Tell whether a clause begins as a question does, after "and", "also" and the like."""
    bare = _without_leads(text).lower()
    first = re.match(r"[a-z']+", bare)
    return bool(first and first.group() in words()["openers"]) or _asks_in_words(bare)


def is_question(text: str) -> bool:
    """Tell whether a clause asks: by its opening, its question mark, or because it is only an aspect."""
    return opens_question(text) or text.rstrip().endswith("?") or bool(_aspect_run(text))


def _asks_in_words(bare: str) -> bool:
    return any(bare.startswith(phrase) for phrase in words()["asking"])


def _stands_alone(rest: str) -> bool:
    if _aspect_run(rest):
        return True
    bare = re.sub(r"[^\w' ]", " ", _without_leads(rest).lower()).split()
    return len(bare) >= 2 and " ".join(bare) not in words()["never_alone"]


@lru_cache(maxsize=1)
def _leads() -> re.Pattern[str]:
    leads = sorted(words()["leads"], key=len, reverse=True)
    body = "|".join(rf"{re.escape(lead)}(?!\w)" for lead in leads)
    return re.compile(rf"^(?:(?:{body})[\s,]*)+", re.IGNORECASE)


def _without_leads(text: str) -> str:
    bare = text.strip()
    return _leads().sub("", bare).strip() or bare


# Several aspects in one breath -----------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _aspect_pattern() -> tuple[re.Pattern[str], dict[str, str]]:
    kinds = {word: kind for kind, forms in words()["aspects"].items() for word in forms}
    one = "|".join(re.escape(word) for word in sorted(kinds, key=len, reverse=True))
    item = rf"(?:(?:the|its|any|their|what|about)\s+)*(?:{one})"
    run = rf"\b{item}(?:\s*,\s*{item})*\s*(?:,\s*)?(?:\band\b|&|\bor\b|/|\+|,)\s*{item}\b"
    return re.compile(run, re.IGNORECASE), kinds


def _aspect_run(text: str) -> tuple[int, int, list[tuple[str, str]]] | None:
    """Return where "cost, pain and recovery" stands and its (word, kind) pairs, when they are different kinds."""
    pattern, kinds = _aspect_pattern()
    match = pattern.search(text)
    if match is None:
        return None
    one = "|".join(re.escape(word) for word in sorted(kinds, key=len, reverse=True))
    items = re.findall(rf"\b(?:{one})\b", match.group(), re.IGNORECASE)
    pairs = [(item, kinds[item.lower()]) for item in items]
    return (match.start(), match.end(), pairs) if len({kind for _, kind in pairs}) > 1 else None


def expand(piece: str) -> list[str]:
    """Return one question an aspect: "the cost and pain of prp" asks two."""
    run = _aspect_run(piece)
    if run is None:
        return [piece]
    start, end, pairs = run
    before, after = piece[:start], piece[end:]
    if _says_nothing_more(before, after):
        return [words()["bare_questions"][kind] for _, kind in pairs]
    return [f"{before}{_phrase(word, before)}{after}".strip() for word, _ in pairs]


def _says_nothing_more(before: str, after: str) -> bool:
    """Tell whether only "what are the" and the like stand around the aspects."""
    empty = (
        r"[^\w]*|what|whats|what's|are|is|the|about|tell|me|how|and|of|it|this|that|please|its|can|you|i|want|to"
        r"|know|need|list|give|some"
    )
    return all(re.fullmatch(empty, word.lower()) for word in re.findall(r"[\w']+", f"{before} {after}"))


def _phrase(word: str, before: str) -> str:
    return word if re.search(r"\b(?:the|is|are|any|its)\s*$", before, re.IGNORECASE) else f"the {word}"


def surfaces(names: Sequence[dict[str, Any]], text: str, part: str) -> list[dict[str, Any]]:
    """Return the entities of a message that stand in one of its parts."""
    low = part.lower()
    return [name for name in names if text[name["start"] : name["end"]].lower() in low]
