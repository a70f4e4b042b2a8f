"""Keeps what a person thought of the last answer, and asks for a reason when it did not help."""

from __future__ import annotations

import asyncio
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import FollowupAction
from rasa_sdk.executor import CollectingDispatcher

from actions import speaking
from hair_answers.knowledge.bubble import Bubble
from hair_answers.knowledge.context import topic
from hair_answers.knowledge.library import Library
from hair_answers.operations.feedback import shared_feedback

RATINGS = {"feedback/helpful": "up", "feedback/not_helpful": "down"}
THANKS = Bubble("utter_feedback_thanks", answer="feedback/helpful")


class RecordFeedback(Action):
    """Keeps what a person thought of the last answer."""

    def name(self) -> str:
        """Return the name in domain.yml."""
        return "action_record_feedback"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Store the opinion; a "no" leads to the question for a reason."""
        rating = RATINGS.get(speaking.key(tracker), "up")
        spoken = speaking.context(tracker).spoken
        answer = next((found for key in spoken if (found := Library.default().answer(key))), None)
        if answer is None or topic(answer.key) == "safety":
            speaking.say(dispatcher, tracker, [THANKS])
            return []
        await asyncio.to_thread(shared_feedback().keep, answer, rating)
        if rating == "down":
            return [FollowupAction("feedback_form")]
        speaking.say(dispatcher, tracker, [THANKS])
        return []
