"""What an answer shows of its origin: sources, evidence grade and dates, for people and for machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from hair_answers.knowledge.answers import Answer
from hair_answers.knowledge.clinic import Clinic
from hair_answers.knowledge.sources import Source

LABELS = Path(__file__).parent / "labels.yml"
ARTICLES = ("A", "B")  # the two articles the project began with
NAMED_SOURCES = 4  # in the one-line form; the metadata lists all


@lru_cache(maxsize=1)
def labels() -> dict[str, Any]:
    """Return the wording of labels.yml."""
    data: dict[str, Any] = yaml.safe_load(LABELS.read_text(encoding="utf-8"))
    return data


def plain_day(day: date) -> str:
    """Return "22 Nov 2026": no reader takes the month for the day."""
    return f"{day.day} {day:%b %Y}"


def source_line(answer: Answer, sources: Sequence[Source]) -> str:
    """Return the one line under an answer, or "" for an answer without sources."""
    if not sources:
        return ""
    words = labels()
    parts = [words["origin"][answer.origin]]
    if answer.evidence != "none":
        parts.append(words["evidence"][answer.evidence])
    parts.append(words["reviewed"].format(day=plain_day(answer.reviewed)))
    parts.append(names_line(sources))
    return str(words["between"].join(parts))


def names_line(sources: Sequence[Source]) -> str:
    """Return the line that names sources alone, for words made of single facts."""
    names = list(dict.fromkeys(source.publisher or source.title for source in sources))
    shown = names[:NAMED_SOURCES]
    if len(names) > len(shown):
        shown.append(labels()["more_sources"].format(count=len(names) - len(shown)))
    return str(labels()["sources"].format(names="; ".join(shown))) if names else ""


def origin_of(keys: Sequence[str]) -> str:
    """Return where facts come from by their source keys: the articles (A, B), other sources, or both."""
    articles = sum(key in ARTICLES for key in keys)
    return "article" if articles == len(keys) else "both" if articles else "public"


def cite(source: Mapping[str, Any]) -> str:
    """Return one source of a message's metadata as a line, linked where readers may follow."""
    named = f"[{source['title']}]({source['url']})" if source["url"] else source["title"]
    return f"{named} ({source['publisher']})" if source["publisher"] else str(named)


def signed_off(answer: Answer) -> str:
    """Return who signed the answer, or that nobody has yet."""
    review = answer.clinical_review
    if review is None:
        return str(labels()["not_signed_off"])
    return str(labels()["signed_off"].format(name=review.name, role=review.role, day=plain_day(review.date)))


def provenance(answer: Answer, sources: Sequence[Source]) -> dict[str, Any]:
    """Return the metadata every channel and integrator gets with an answer; dates are ISO 8601."""
    words = labels()
    return {
        "answer": answer.key,
        "title": answer.title,
        "origin": answer.origin,
        "origin_label": words["origin"][answer.origin],
        "sources": [
            {
                "key": source.key,
                "title": source.title,
                "publisher": source.publisher,
                # Copies of official texts support a fact but are not shown to patients as links.
                "url": source.url if source.shown and source.url else None,
            }
            for source in sources
        ],
        "evidence": answer.evidence,
        "evidence_label": words["evidence"][answer.evidence],
        "reviewed": answer.reviewed.isoformat(),
        "next_review": answer.next_review.isoformat(),
        "related": list(answer.related),
        "source_line": source_line(answer, sources),
    }


def is_overdue(answer: Answer, clinic: Clinic, today: date) -> bool:
    """Tell whether the reader must hear that the review is late."""
    return today > answer.next_review + timedelta(days=clinic.warn_after_due_days)


def is_withheld(answer: Answer, clinic: Clinic, today: date) -> bool:
    """Tell whether the answer is too old to be given at all."""
    return today > answer.next_review + timedelta(days=clinic.withhold_after_due_days)
