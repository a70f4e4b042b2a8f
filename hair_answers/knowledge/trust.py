"""What stands behind the last answer: its sources, grade, review, and the studies it rests on."""

from __future__ import annotations

from hair_answers.knowledge.answers import Answer
from hair_answers.knowledge.bubble import Bubble, curated
from hair_answers.knowledge.context import Context
from hair_answers.knowledge.follow_ups import Names
from hair_answers.knowledge.library import Library
from hair_answers.knowledge.research import tell
from hair_answers.knowledge.studies import Study

MOST_STUDIES = 3
# What is said when nothing was answered yet.
UNASKED = {
    "source": "about/sources",
    "reviewed": "about/who_reviews",
    "read_study": "research/status",
    "people_in_study": "research/best_trial",
}
WORDING = {
    "source": "utter_source",
    "reviewed": "utter_reviewed",
    "read_study": "utter_read_study",
    "people_in_study": "utter_people_in_study",
}


def reply(kind: str, names: Names, context: Context, library: Library) -> list[Bubble]:
    """Return what stands behind the last answer, or behind the study named."""
    named = [
        library.studies[value] for found, value in names if found == "subject" and value in library.studies
    ]
    answer = next((found for key in context.spoken if (found := library.answer(key))), None)
    if named and kind in ("people_in_study", "read_study"):
        about = named[0].answers[0] if named[0].answers else "research/status"
        return [_studies(kind, library.answers[about], named, library)]
    if answer is None:
        return [curated(UNASKED[kind])]
    if kind in ("source", "reviewed"):
        chips = ("about/who_reviews", "about/sources")
        name = WORDING[kind] if answer.sources or kind == "reviewed" else "utter_no_source"
        return [Bubble(name, {"title": answer.title}, answer.key, answer.key, chips, {"part": kind})]
    studies = list(library.studies_of(answer.key))
    if not studies:
        # No study stands behind it: say so, and show what does.
        return [Bubble("utter_no_study_behind", {"title": answer.title}, answer.key, answer.key)]
    return [_studies(kind, answer, studies, library)]


def _studies(kind: str, answer: Answer, studies: list[Study], library: Library) -> Bubble:
    shown = studies[:MOST_STUDIES]
    said = {"title": answer.title, "studies": "\n".join(f"- {tell(study, library)}" for study in shown)}
    sources = tuple(dict.fromkeys(study.source for study in shown))
    return Bubble(
        WORDING[kind], said, answer.key, answer.key, answer.related, {"sources": sources, "part": kind}
    )
