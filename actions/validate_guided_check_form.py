"""Reads each reply of the guided check; a question in between is answered, "stop" stops."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import speaking
from actions.interruptions import REQUESTED, answer_question, ended, is_safety, is_urgent
from hair_answers.knowledge import guided_check
from hair_answers.knowledge.bubble import Bubble
from hair_answers.nlu.question_splitter import is_question
from hair_answers.operations.outbox import shared_outbox

HEALTH = "guided_health"  # the one question whose replies may be red flags
GIVEN = "given"  # all that the conversation keeps of a reply


class ValidateGuidedCheckForm(Action):
    """Reads each reply of the guided check."""

    def name(self) -> str:
        """Return the name in domain.yml."""
        return "validate_guided_check_form"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Return the slot as given, as still open, or the end of the form."""
        slot, text = tracker.get_slot(REQUESTED), speaking.text(tracker)
        if slot not in guided_check.slots():
            return []
        if is_urgent(tracker):
            return ended(slot)
        if guided_check.wants_to_stop(text) or speaking.key(tracker) == "guided_check/stop":
            return ended(slot)
        reads = not is_question(text) and (slot == HEALTH or not is_safety(tracker))
        codes = guided_check.read(slot, text) if reads else []
        if codes:
            await asyncio.to_thread(shared_outbox().write_draft, tracker.sender_id, slot, json.dumps(codes))
            return [SlotSet(slot, GIVEN)]
        # A red flag was answered before this: the question is only asked again.
        if not is_safety(tracker) and not answer_question(dispatcher, tracker):
            speaking.say(dispatcher, tracker, [Bubble("utter_pick_one", answer="guided_check/pick_one")])
        return [SlotSet(slot, None)]
