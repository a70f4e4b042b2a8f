"""Reads the reason why an answer did not help; a new question instead is answered."""

from __future__ import annotations

import asyncio
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions import speaking
from actions.interruptions import REQUESTED, answer_question, ended, is_safety
from actions.record_feedback import THANKS
from hair_answers.knowledge import guided_check
from hair_answers.knowledge.library import Library
from hair_answers.nlu.question_splitter import is_question
from hair_answers.operations.feedback import shared_feedback

REASON = "feedback_reason"


class ValidateFeedbackForm(Action):
    """Reads the reason why an answer did not help."""

    def name(self) -> str:
        """Return the name in domain.yml."""
        return "validate_feedback_form"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Store the reason without identifiers; whatever is said, the form ends: nobody owes a reason."""
        if tracker.get_slot(REQUESTED) != REASON:
            return []
        if is_safety(tracker):
            return ended(REASON)
        text = speaking.text(tracker)
        asks = is_question(text) or text == speaking.key(tracker)
        if not (asks and answer_question(dispatcher, tracker)):
            spoken = speaking.context(tracker).spoken
            answer = next((found for key in spoken if (found := Library.default().answer(key))), None)
            if answer and not guided_check.wants_to_stop(text):
                await asyncio.to_thread(shared_feedback().explain, answer, text)
            speaking.say(dispatcher, tracker, [THANKS])
        return ended(REASON)
