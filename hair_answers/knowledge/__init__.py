"""The knowledge: data/faq, evidence and clinic.yml as read-only dataclasses. Knows nothing of Rasa."""

from hair_answers.knowledge.answers import Answer
from hair_answers.knowledge.claims import Claim
from hair_answers.knowledge.clinic import Clinic, Helpline
from hair_answers.knowledge.library import Library
from hair_answers.knowledge.problem import ContentError, Problem
from hair_answers.knowledge.sources import Source
from hair_answers.knowledge.studies import Study
from hair_answers.knowledge.treatments import Treatment
from hair_answers.knowledge.voice import Utterance

__all__ = [
    "Answer",
    "Claim",
    "Clinic",
    "ContentError",
    "Helpline",
    "Library",
    "Problem",
    "Source",
    "Study",
    "Treatment",
    "Utterance",
]
