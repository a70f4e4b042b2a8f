"""Answers every question of a message, in order."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions import speaking
from hair_answers.knowledge import several
from hair_answers.knowledge.library import Library


class AnswerSeveralQuestions(Action):
    """Answers every question of a message, in order."""

    def name(self) -> str:
        """Return the name in domain.yml."""
        return "action_answer_several_questions"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Speak a lead-in and one bubble a part; no slot changes."""
        parts, names = speaking.parts(tracker), speaking.names(tracker)
        bubbles = several.reply(parts, names, speaking.context(tracker), Library.default())
        speaking.say(dispatcher, tracker, bubbles)
        return []
