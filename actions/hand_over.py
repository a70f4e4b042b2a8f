"""Ends the call-back form: the request goes to the outbox and the person gets its reference."""

from __future__ import annotations

import asyncio
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import speaking
from actions.interruptions import is_urgent
from actions.validate_handoff_form import CONSENT, CONTACT, NAME
from hair_answers.knowledge.bubble import Bubble
from hair_answers.knowledge.context import MISSES, Context, topic
from hair_answers.operations.outbox import shared_outbox

FIELDS = (CONSENT, NAME, CONTACT)
NOT_SENT = Bubble("utter_handoff_stopped", answer="handoff/stopped")


class HandOver(Action):
    """Ends the call-back form."""

    def name(self) -> str:
        """Return the name in domain.yml."""
        return "action_hand_over"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Store the request before saying so; empty the slots and the draft."""
        outbox = await asyncio.to_thread(shared_outbox)
        draft = await asyncio.to_thread(outbox.draft, tracker.sender_id)
        said = NOT_SENT
        if all(field in draft for field in FIELDS):
            why = reason(speaking.context(tracker), tracker)
            request = (tracker.sender_id, draft[NAME], draft[CONTACT], why)
            reference = await asyncio.to_thread(outbox.submit, *request)
            said = Bubble("utter_handed_over", {"reference": reference}, "handoff/person")
        await asyncio.to_thread(outbox.drop_draft, tracker.sender_id)
        # After an urgent safety answer nothing more is said.
        if not is_urgent(tracker):
            speaking.say(dispatcher, tracker, [said])
        return [SlotSet(field, None) for field in FIELDS]


def reason(context: Context, tracker: Tracker) -> str:
    """Return why a person is wanted: a complaint, a safety answer, repeated misses, or because they asked."""
    texts = " ".join(str(event.get("text") or "") for event in tracker.events if event.get("event") == "user")
    answers = [key for turn in context.turns for key in turn.answers]
    if "complain" in texts.lower():
        return "complaint"
    if any(topic(key) == "safety" for key in answers):
        return "safety"
    return "misses" if sum(key in MISSES for key in answers) > 1 else "asked"
