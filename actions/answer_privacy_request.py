"""Asks once before erasing, then erases; or hands the conversation over."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import FollowupAction
from rasa_sdk.executor import CollectingDispatcher

from actions import speaking
from hair_answers.knowledge.bubble import Bubble
from hair_answers.knowledge.library import Library
from hair_answers.speech.wording import fill

ASKED = "privacy_request/delete"
ERASE, KEEP, EXPORT = "privacy_request/erase_now", "privacy_request/keep", "privacy_request/export"


class AnswerPrivacyRequest(Action):
    """Asks once before erasing, then erases; or hands the conversation over."""

    def name(self) -> str:
        """Return the name in domain.yml."""
        return "action_answer_privacy_request"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Speak, or leave it to the action that acts."""
        key = speaking.key(tracker)
        if key == EXPORT:
            return [FollowupAction("action_export_conversation")]
        if key == ERASE and was_asked(tracker):
            return [FollowupAction("action_delete_conversation")]
        if key == KEEP:
            speaking.say(dispatcher, tracker, [Bubble("utter_privacy_request/keep", answer=KEEP)])
            return []
        ask(dispatcher)
        return []


def ask(dispatcher: CollectingDispatcher) -> None:
    """Ask whether to erase, with a button for each answer."""
    buttons = [
        {"title": words(f"utter_{name}_button"), "payload": f"/{key}"}
        for name, key in (("erase", ERASE), ("keep", KEEP))
    ]
    message = words("utter_ask_to_erase")
    dispatcher.utter_message(text=message, buttons=buttons, metadata={"answer": ASKED, "sources": []})


def words(name: str) -> str:
    """A line of the bot's own voice with the clinic's details filled in."""
    library = Library.default()
    return fill(library.voice[name].text, library.clinic.placeholders())


def was_asked(tracker: Tracker) -> bool:
    """True when the bot's last words before this message asked whether to erase."""
    past_message = False
    for event in reversed(tracker.events):
        if event.get("event") == "user":
            if past_message:
                return False
            past_message = True
        elif event.get("event") == "bot" and past_message:
            return answer_of(event) == ASKED
    return False


def answer_of(event: dict[str, Any]) -> Any:
    """The answer key that a bot event carries."""
    metadata = event.get("metadata") or {}
    return (metadata.get("metadata") or metadata).get("answer")
