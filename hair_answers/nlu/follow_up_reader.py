"""Reads what a few words plainly mean, whatever a similarity says: "step 3", "and for chemo?", "prp vs laser"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from hair_answers.knowledge.library import Library
from hair_answers.nlu.question_splitter import words

LONGEST_ELLIPSIS = 5  # words after "what about"
LONGEST_ORDINAL = 8  # words
Names = Sequence[tuple[str, str]]  # (kind, value)
_ORDINAL = re.compile(
    r"(?:\b(?:first|second|third|fou?rth|fifth|sixth|seventh|eighth|last|final|1st|2nd|3rd|[4-8]th)\s+"
    r"(?:one|step|stage|phase|benefi?t|advantage|drawback|disadvantage|cause|option|point|item)\b"
    r"|\b(?:step|stage|phase|benefit|drawback|cause|option|point|number|no\.?|#)\s*"
    r"(?:[1-9]|one|two|three|four|five|six|seven|eight)\b"
    r"|^(?:and |what about |how about |ok )*(?:the )?(?:very )?"
    r"(?:first|second|third|fourth|fifth|last|1st|2nd|3rd|4th)\W*$)",
    re.IGNORECASE,
)
_LOOKING = re.compile(
    r"\b(?:any|which|what|show|list|find|are there|is there|biggest|largest|newest|latest|longest|smallest|how many)\b",
    re.I,
)
# Answers that already say what a study look-up would.
CONDITIONS = frozenset({"alopecia_areata", "pattern_baldness"})
STUDY_ANSWERS = frozenset({"tak_2020", "kuka_2020", "follicle_studies", "reviews"})


def plain_meaning(text: str, names: Names) -> str | None:
    """Return the key that the wording alone decides, or None when the matcher should."""
    low = " ".join(text.lower().replace("?", " ").split()).strip(" .!,")
    kinds = {kind for kind, _ in names}
    for kind, messages in words()["whole_messages"].items():
        if low in messages:
            return f"follow_up/{kind}"
    if "ordinal" in kinds and len(low.split()) <= LONGEST_ORDINAL and _ORDINAL.search(low):
        return "follow_up/ordinal"
    if is_comparison(low, names):
        return "follow_up/compare"
    if written_up := _study_answer(low, names):
        return written_up
    if is_study_search(low, names):
        return "follow_up/studies"
    return _ellipsis(low, names)


def is_comparison(low: str, names: Names) -> bool:
    """Tell whether two subjects that can stand side by side are to be compared, and not taken together."""
    subjects = {value for kind, value in names if kind == "subject"} & set(Library.default().treatments)
    if not subjects or _has(low, "together_cues") or not _has(low, "compare_cues"):
        return False
    return len(subjects) > 1 or (_has(low, "pronouns") and not re.search(r"\bor\b", low))


def _study_answer(low: str, names: Names) -> str | None:
    """Return the answer about the one study whose finding is asked for."""
    subjects = [value for kind, value in names if kind == "subject" and value in STUDY_ANSWERS]
    if len(subjects) != 1 or not _has(low, "finding_words"):
        return None
    answer = Library.default().about(subjects[0], "evidence")
    return answer.key if answer else None


def is_study_search(low: str, names: Names) -> bool:
    """Tell whether studies are sought by what was used, on whom, how, when or by whom."""
    found = set(names)
    kinds = {kind for kind, _ in found}
    subjects = {value for kind, value in found if kind == "subject"}
    if "study" in kinds or ("rank" in kinds and re.search(r"\bones?$", low)):
        return True
    if not _has(low, "study_words") and ("design", "placebo") not in found:
        return False
    if subjects & STUDY_ANSWERS and not kinds & {"cells", "sex", "rank", "year_from", "year_to"}:
        return False
    if subjects & CONDITIONS and _LOOKING.search(low):
        return True
    narrowing = kinds & {"cells", "sex", "rank", "year", "year_from", "year_to", "design"}
    return bool(narrowing) and bool(_LOOKING.search(low) or len(low.split()) <= 6)


def _ellipsis(low: str, names: Names) -> str | None:
    opening = _opening().match(low)
    if opening is None:
        return None
    rest = low[opening.end() :].strip(" .!?,")
    if not rest or len(rest.split()) > LONGEST_ELLIPSIS or _is_clause(rest):
        return None
    bare = re.sub(r"^(?:the|its|for|in|with|about|after)\s+", "", rest)
    for kind, forms in words()["ellipsis_kinds"].items():
        if bare in forms or rest in forms:
            return f"follow_up/{kind}"
    kinds = [kind for kind, _ in names]
    if "subject" in kinds:
        return "follow_up/new_subject"
    for kind, value in names:
        if kind == "sex":
            return f"follow_up/{value}"
    return "follow_up/new_subject" if {"age", "cells", "region"} & set(kinds) else None


def without_opening(text: str) -> str:
    """Return a message without its "and what about"."""
    low = text.lower().strip()
    opening = _opening().match(low)
    return low[opening.end() :] if opening else low


def _is_clause(rest: str) -> bool:
    return rest.split()[0] in words()["openers"]


@lru_cache(maxsize=1)
def _opening() -> re.Pattern[str]:
    phrases = sorted(words()["ellipsis"], key=len, reverse=True)
    return re.compile(rf"^(?:{'|'.join(map(re.escape, phrases))})\b\s*", re.IGNORECASE)


@lru_cache(maxsize=8)
def _any_of(group: str) -> re.Pattern[str]:
    forms: Iterable[str] = words()[group]
    body = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{body})(?!\w)")


def _has(low: str, group: str) -> bool:
    return bool(_any_of(group).search(low))
