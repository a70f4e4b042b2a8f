"""Answers a follow-up from the last answers: a new aspect, a new subject, a place in a list."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions import speaking
from hair_answers.knowledge import follow_ups
from hair_answers.knowledge.library import Library


class AnswerFollowUp(Action):
    """Answers a follow-up from the last answers: a new aspect, a new subject, a place in a list."""

    def name(self) -> str:
        """Return the name in domain.yml."""
        return "action_answer_follow_up"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Speak; no slot changes."""
        kind = speaking.key(tracker).removeprefix("follow_up/")
        names, context = speaking.names(tracker), speaking.context(tracker)
        bubbles = follow_ups.reply(kind, names, context, Library.default())
        speaking.say(dispatcher, tracker, bubbles)
        return []
