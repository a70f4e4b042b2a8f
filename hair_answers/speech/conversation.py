"""What the speaking step reads from a conversation."""

from __future__ import annotations

from typing import Any

from rasa.shared.core.events import BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

MISSES = ("fallback/did_you_mean", "fallback/rephrase")


def parse_data(tracker: DialogueStateTracker) -> dict[str, Any]:
    """Return what the understanding step wrote about the latest message."""
    latest = tracker.latest_message
    return dict(latest.parse_data) if latest and latest.parse_data else {}


def answers_by_turn(tracker: DialogueStateTracker, turns: int) -> list[list[str]]:
    """Return the answer keys of the last `turns` finished user turns, latest turn first."""
    found: list[list[str]] = [[]]
    skipped_current = False
    for event in reversed(tracker.events):
        if isinstance(event, UserUttered):
            if skipped_current:
                found.append([])
            skipped_current = True
            if len(found) > turns:
                break
        elif isinstance(event, BotUttered) and skipped_current:
            answer = (event.metadata.get("metadata") or {}).get("answer")
            found[-1][:0] = answer if isinstance(answer, list) else [answer] if answer else []
    return found[:turns]


def missed_before(tracker: DialogueStateTracker) -> bool:
    """Tell whether the turn before this one was not understood either."""
    return any(key in MISSES for key in answers_by_turn(tracker, 1)[0])
