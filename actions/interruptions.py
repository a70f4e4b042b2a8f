"""A question asked in the middle of a form: answered at once, and the form asks again."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import speaking
from hair_answers.knowledge import several
from hair_answers.knowledge.context import topic
from hair_answers.knowledge.library import Library
from hair_answers.nlu.question_splitter import is_question

# Kinds of message that are a reply to the form, or nothing at all, rather than a question of their own.
REPLIES = frozenset({"guided_check", "handoff", "feedback", "privacy_request", "small_talk", ""})


URGENT_TIERS = (0, 1)
REQUESTED = "requested_slot"


def ended(slot: str) -> list[dict[str, Any]]:
    """Return the events that end a form: Rasa takes a form that sets none of its slots for one that refuses to run."""
    return [SlotSet(slot, None), SlotSet(REQUESTED, None)]


def is_safety(tracker: Tracker) -> bool:
    """Tell whether the latest message was answered as a red flag."""
    return (speaking.understood(tracker).get("intent") or {}).get("name") == "safety"


def is_urgent(tracker: Tracker) -> bool:
    """Tell whether that red flag is one after which no form goes on."""
    tier = (speaking.understood(tracker).get("safety") or {}).get("tier")
    return is_safety(tracker) and tier in URGENT_TIERS


def answer_question(dispatcher: CollectingDispatcher, tracker: Tracker) -> bool:
    """Answer what was asked instead of the form's question; False when nothing was."""
    if speaking.understood(tracker).get("decision") != "answer":
        return False
    context, names = speaking.context(tracker), speaking.names(tracker)
    key, text = speaking.key(tracker), speaking.text(tracker)
    if parts := speaking.parts(tracker):
        bubbles = several.reply(parts, names, context, Library.default())
    elif topic(key) in REPLIES or (topic(key) == "out_of_scope" and not is_question(text)):
        return False
    else:
        bubbles = several.answer_key(key, text, names, context, Library.default())
    speaking.say(dispatcher, tracker, bubbles)
    return True
