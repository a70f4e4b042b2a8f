"""How an action reads the conversation and speaks: the one place that knows rasa_sdk's shapes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from hair_answers.knowledge.bubble import Bubble
from hair_answers.knowledge.context import Context, read_context
from hair_answers.knowledge.follow_ups import Names
from hair_answers.knowledge.library import Library
from hair_answers.speech.wording import compose

DEFAULT_CHANNEL = "rest"


def context(tracker: Tracker) -> Context:
    """Return the finished turns, latest first."""
    return read_context(reversed(tracker.events))


def understood(tracker: Tracker) -> dict[str, Any]:
    """Return what the understanding step wrote about the latest message."""
    for event in reversed(tracker.events):
        if event.get("event") == "user":
            return dict(event.get("parse_data") or {})
    return {}


def key(tracker: Tracker) -> str:
    """Return the best key of the latest message, or "" when it has none."""
    ranking = understood(tracker).get("answer_ranking") or []
    return str(ranking[0]["key"]) if ranking else ""


def text(tracker: Tracker) -> str:
    """Return what was typed."""
    return str((tracker.latest_message or {}).get("text") or "")


def names(tracker: Tracker) -> Names:
    """Return the names found in the latest message."""
    return [(row["entity"], str(row["value"])) for row in understood(tracker).get("entities") or ()]


def parts(tracker: Tracker) -> list[dict[str, Any]]:
    """Return the questions of the latest message when it holds several."""
    return list(understood(tracker).get("parts") or [])


def say(dispatcher: CollectingDispatcher, tracker: Tracker, bubbles: Iterable[Bubble]) -> None:
    """Utter the bubbles: whole answers by name, so that the bot's speaking step adds what belongs to them."""
    channel = tracker.get_latest_input_channel() or DEFAULT_CHANNEL
    for bubble in bubbles:
        if bubble.is_curated:
            dispatcher.utter_message(response=bubble.response)
        else:
            dispatcher.utter_message(**compose(bubble, Library.default(), channel))
