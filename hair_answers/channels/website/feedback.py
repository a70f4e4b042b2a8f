"""What people thought of an answer: answer key, thumb and reason, never their words."""

from __future__ import annotations

import re
from typing import Any

from hair_answers.knowledge.library import Library
from hair_answers.operations.feedback import shared_feedback

RATINGS = frozenset({"up", "down"})
REASONS = frozenset({"not_my_question", "unclear", "incomplete", "wrong"})
ANSWER = re.compile(r"[a-z_/ ]{3,200}")


def read_opinion(data: Any) -> dict[str, str] | None:
    """The opinion in what a browser sent, or None when any part of it is not one we know."""
    if not isinstance(data, dict):
        return None
    answer, rating, reason = data.get("answer"), data.get("rating"), data.get("reason")
    if not isinstance(answer, str) or not ANSWER.fullmatch(answer) or rating not in RATINGS:
        return None
    opinion = {"answer": answer, "rating": rating}
    return {**opinion, "reason": reason} if reason in REASONS else opinion


def keep_opinion(opinion: dict[str, str]) -> None:
    """Store the opinion with the answer's version; one on an answer that is no longer there is let go."""
    answer = Library.default().answer(opinion["answer"])
    if answer is not None:
        shared_feedback().keep(answer, opinion["rating"], opinion.get("reason"))
