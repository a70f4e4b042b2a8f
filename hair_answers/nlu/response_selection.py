"""The shapes in which a decision about answers reaches Rasa: those of its ResponseSelector, and our ranking."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Ranked = Sequence[tuple[str, float]]  # (answer key, confidence), best first


def selection(ranking: Ranked) -> dict[str, Any]:
    """Return one topic's answers as Rasa's ResponseSelector would; the first is the one to speak."""
    key, confidence = ranking[0]
    return {
        "response": {
            "responses": None,
            "confidence": confidence,
            "intent_response_key": key,
            "utter_action": f"utter_{key}",
        },
        "ranking": [{"intent_response_key": name, "confidence": value} for name, value in ranking],
    }


def ranking_rows(ranking: Ranked, length: int) -> list[dict[str, Any]]:
    """Return the first `length` answers as the parse data keeps them."""
    return [{"key": key, "confidence": round(value, 4)} for key, value in ranking[:length]]
