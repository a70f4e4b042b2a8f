"""Looks studies up by what was used, on whom, how, when and by whom, and tells the best three in plain words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from hair_answers.knowledge.bubble import Bubble, curated
from hair_answers.knowledge.context import Context
from hair_answers.knowledge.follow_ups import Names, values
from hair_answers.knowledge.library import Library
from hair_answers.knowledge.studies import Study

WORDS = Path(__file__).with_name("research.yml")
SHOWN = 3
WEEKS_PER_MONTH = 52 / 12
MONTHS_FROM = 20  # weeks: longer spans read better in months
NEWEST_FIRST = ("research/status", "research/reviews", "research/ongoing_trials")
Test = Callable[[Study], bool]

DESIGNS: dict[str, Test] = {
    "placebo": lambda study: study.placebo is True,
    "randomised": lambda study: study.design == "randomised",
    "half_head": lambda study: study.design == "half_head",
    "review": lambda study: study.kind == "review",
    "ongoing": lambda study: study.status == "ongoing",
}
# Sort keys, best first; what was not seen comes last.
RANKS: dict[str, Callable[[Study], Any]] = {
    "biggest": lambda study: -(study.people or 0),
    "smallest": lambda study: study.people or 10**6,
    "newest": lambda study: -(study.year or 0),
    "oldest": lambda study: study.year or 10**4,
    "longest": lambda study: -(study.follow_up_weeks or 0),
}


@lru_cache(maxsize=1)
def words() -> dict[str, Any]:
    """Return research.yml."""
    data: dict[str, Any] = yaml.safe_load(WORDS.read_text(encoding="utf-8"))
    return data


def reply(names: Names, context: Context, library: Library) -> list[Bubble]:
    """Return the studies asked for: the best three with size, length, result, limits and link."""
    found = find(names, library)
    if len(found) == 1 and (answer := _written_up(found[0], library)):
        return [curated(answer)]
    asked = describe(names, library)
    if not found:
        return [Bubble("utter_no_study", {"asked": asked}, "research/status", chips=NEWEST_FIRST)]
    shown, more = found[:SHOWN], len(found) - SHOWN
    count = words()["several"].format(count=len(found)) if len(found) > 1 else words()["one"]
    said = {"count": count, "asked": asked, "studies": "\n".join(f"- {tell(s, library)}" for s in shown)}
    answers = tuple(dict.fromkeys(study.answers[0] for study in shown if study.answers))
    sources = tuple(dict.fromkeys(study.source for study in shown))
    name = "utter_studies_more" if more > 0 else "utter_studies"
    extra = {"sources": sources, "studies": [study.key for study in shown]}
    about = answers[0] if answers else None
    return [Bubble(name, {**said, "more": str(more)}, answers, about, (*answers, *NEWEST_FIRST[:1]), extra)]


def find(names: Names, library: Library) -> list[Study]:
    """Return the studies that pass every filter named, in the order asked for, else the strongest first."""
    tests = [*_tests(names, library)]
    designs = values(names, "design")
    kept = [study for study in library.studies.values() if all(test(study) for test in tests)]
    if not values(names, "study") and "review" not in designs:
        # A drug or a review is no trial of a treatment with cells.
        kept = [s for s in kept if s.kind != "review" and "none" not in s.cells]
    return sorted(kept, key=_order(names))


def _order(names: Names) -> Callable[[Study], Any]:
    """Return the sort key asked for: a rank, most of the sex named, else the strongest design first."""
    ranks, sexes = values(names, "rank"), values(names, "sex")
    by: Callable[[Study], Any] = _strength
    if ranks:
        by = RANKS[ranks[0]]
    elif sexes:
        by = lambda study: -(getattr(study, sexes[0]) or 0)  # noqa: E731
    return lambda study: (by(study), -(study.year or 0), study.key)


def _tests(names: Names, library: Library) -> list[Test]:
    cells, designs = set(values(names, "cells")), values(names, "design")
    authors, years = values(names, "study"), values(names, "year")
    subjects = [name for name in values(names, "subject") if name in library.studies]
    conditions = {"alopecia_areata", "pattern_baldness"} & set(values(names, "subject"))
    tests: list[Test] = [DESIGNS[design] for design in designs]
    if cells:
        tests.append(lambda study: bool(cells & set(study.cells)))
    if authors or subjects:
        keys = (*authors, *subjects)
        tests.append(lambda study: study.key.startswith(keys))
    if years:
        tests.append(lambda study: str(study.year) in years)
    if since := values(names, "year_from"):
        tests.append(lambda study: (study.year or 0) >= int(since[0]))
    if until := values(names, "year_to"):
        tests.append(lambda study: 0 < (study.year or 0) <= int(until[0]))
    for sex in values(names, "sex"):
        tests.append(lambda study, sex=sex: bool(getattr(study, sex)))  # type: ignore[misc]
    if conditions:
        tests.append(lambda study: study.condition in conditions or study.condition == "both")
    return tests


def _strength(study: Study) -> tuple[bool, bool, int]:
    """Return a sort key: randomised or placebo-controlled first, then by size."""
    return (study.design != "randomised", not study.placebo, -(study.people or 0))


def _written_up(study: Study, library: Library) -> str | None:
    """Return the answer that is about this one study."""
    return next((answer.key for answer in library.answers.values() if answer.subject == study.key), None)


def describe(names: Names, library: Library) -> str:
    """Return what was asked for, in words."""
    parts = []
    subjects = values(names, "subject")
    for group, wording in words()["filters"].items():
        if isinstance(wording, str):
            slot = "name" if group == "study" else "year"
            shown = [
                value.split("_")[0].capitalize() if group == "study" else value
                for value in values(names, group)
            ]
            parts += [wording.format(**{slot: value}) for value in shown]
        else:
            wanted = subjects if group == "condition" else values(names, group)
            parts += [wording[value] for value in wanted if value in wording]
    return " ".join(parts)


def tell(study: Study, library: Library) -> str:
    """Return one study as a list item: what, who, how many, how long, result, limits, link."""
    item = words()["item"]
    who = f"{study.first_author or item['no_name']}, {study.year or item['no_year']}"
    size = item["size"].format(people=study.people) if study.people else item["no_size"]
    if study.women and study.people and study.women < study.people:
        size += f", {item['women'].format(women=study.women)}"
    parts = [f"{item['head'].format(title=study.title_plain, who=who)}: {_sentence([size, *_length(study)])}"]
    parts += [item["result"].format(outcome=study.outcome), item["limits"].format(limits=study.limits)]
    if url := link(study, library):
        parts.append(item["link"].format(url=url))
    return " ".join(parts)


def _length(study: Study) -> list[str]:
    weeks = study.follow_up_weeks
    if not weeks:
        return []
    if weeks < MONTHS_FROM:
        return [words()["item"]["weeks"].format(weeks=weeks)]
    return [words()["item"]["months"].format(months=round(weeks / WEEKS_PER_MONTH))]


def _sentence(parts: Sequence[str]) -> str:
    return f"{', '.join(parts)}."


def link(study: Study, library: Library) -> str | None:
    """Return where the study can be read: its DOI, else its source when that is shown to readers."""
    if study.doi:
        return f"https://doi.org/{study.doi}"
    source = library.sources.get(study.source)
    return source.url if source and source.shown and source.url else None
