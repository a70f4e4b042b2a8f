"""Ends the guided check: the notes when every question was answered, and nothing kept either way."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import speaking
from actions.interruptions import is_urgent
from hair_answers.knowledge import guided_check
from hair_answers.knowledge.bubble import Bubble
from hair_answers.knowledge.context import answer_keys
from hair_answers.knowledge.library import Library
from hair_answers.operations.outbox import shared_outbox

FORM = "guided_check_form"
STOPPED = Bubble(
    "utter_guided_check_stopped", answer="guided_check/stop", chips=("suitability/who_is_it_for",)
)


class FinishGuidedCheck(Action):
    """Ends the guided check."""

    def name(self) -> str:
        """Return the name in domain.yml."""
        return "action_finish_guided_check"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Speak the notes, forget the replies, and empty the slots."""
        outbox = await asyncio.to_thread(shared_outbox)
        draft = await asyncio.to_thread(outbox.draft, tracker.sender_id)
        await asyncio.to_thread(outbox.drop_draft, tracker.sender_id)
        chosen = {slot: json.loads(draft[slot]) for slot in guided_check.slots() if slot in draft}
        complete = all(tracker.get_slot(slot) for slot in guided_check.slots()) and len(chosen) > 0
        notes = guided_check.notes(chosen, raised(tracker), Library.default()) if complete else STOPPED
        # After an urgent safety answer nothing more is said.
        if not is_urgent(tracker):
            speaking.say(dispatcher, tracker, [notes])
        return [SlotSet(slot, None) for slot in guided_check.slots()]


def raised(tracker: Tracker) -> Iterator[str]:
    """Yield the safety answers given since the check began, latest first."""
    for event in reversed(tracker.events):
        if event.get("event") == "active_loop" and event.get("name") == FORM:
            return
        if event.get("event") == "bot":
            keys = answer_keys((event.get("metadata") or {}).get("metadata") or {})
            yield from (key for key in keys if key.startswith("safety/"))
