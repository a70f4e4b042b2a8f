"""What the speaking step reads from a conversation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rasa.shared.core.events import BotUttered, Event, SessionStarted, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from hair_answers.knowledge.context import MISSES, Context, read_context

_READ = (UserUttered, BotUttered, SessionStarted)


def parse_data(tracker: DialogueStateTracker) -> dict[str, Any]:
    """Return what the understanding step wrote about the latest message."""
    latest = tracker.latest_message
    return dict(latest.parse_data) if latest and latest.parse_data else {}


def context(tracker: DialogueStateTracker) -> Context:
    """Return the finished turns of this session, latest first."""
    return read_context(_latest_first(reversed(tracker.events)))


def _latest_first(events: Iterator[Event]) -> Iterator[dict[str, Any]]:
    return (event.as_dict() for event in events if isinstance(event, _READ))


def missed_before(tracker: DialogueStateTracker) -> bool:
    """Tell whether the turn before this one was not understood either."""
    return any(key in MISSES for key in context(tracker).last.answers)
