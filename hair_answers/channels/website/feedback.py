"""What people thought of an answer: answer key, thumb and reason, never their words."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

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


def keep_opinion(opinion: dict[str, str], path: Path) -> None:
    """Appends the opinion as one JSON line with the day it was given; no sender, no time of day."""
    path.parent.mkdir(parents=True, exist_ok=True)
    line = json.dumps({"day": time.strftime("%Y-%m-%d", time.gmtime()), "channel": "website", **opinion})
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")
