"""Looks studies up by what was used, on whom, how, when and by whom."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions import speaking
from hair_answers.knowledge import research
from hair_answers.knowledge.library import Library


class LookUpStudies(Action):
    """Looks studies up by what was used, on whom, how, when and by whom."""

    def name(self) -> str:
        """Return the name in domain.yml."""
        return "action_look_up_studies"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Speak; no slot changes."""
        names, context = speaking.names(tracker), speaking.context(tracker)
        bubbles = research.reply(names, context, Library.default())
        speaking.say(dispatcher, tracker, bubbles)
        return []
