"""Puts two or three treatments, or causes, side by side."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions import speaking
from hair_answers.knowledge import comparison
from hair_answers.knowledge.library import Library


class CompareSubjects(Action):
    """Puts two or three treatments, or causes, side by side."""

    def name(self) -> str:
        """Return the name in domain.yml."""
        return "action_compare_subjects"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Speak; no slot changes."""
        names, context = speaking.names(tracker), speaking.context(tracker)
        bubbles = comparison.reply(names, context, Library.default())
        speaking.say(dispatcher, tracker, bubbles)
        return []
