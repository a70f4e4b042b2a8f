"""Says what stands behind the last answer."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions import speaking
from hair_answers.knowledge import trust
from hair_answers.knowledge.library import Library


class ExplainSource(Action):
    """Says what stands behind the last answer."""

    def name(self) -> str:
        """Return the name in domain.yml."""
        return "action_explain_source"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Speak; no slot changes."""
        kind = speaking.key(tracker).removeprefix("follow_up/")
        names, context = speaking.names(tracker), speaking.context(tracker)
        bubbles = trust.reply(kind, names, context, Library.default())
        speaking.say(dispatcher, tracker, bubbles)
        return []
