"""Hands the person what is stored of their conversation."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions import speaking
from actions.answer_privacy_request import words
from hair_answers.knowledge.bubble import Bubble
from hair_answers.operations.settings import conversations, endpoints_file
from hair_answers.storage.database import FAULTS, NoDatabase
from hair_answers.storage.transcript import Line, read_conversation

logger = logging.getLogger(__name__)

ANSWER = "privacy_request/export"
BUBBLE = 2_500  # characters in one message: every channel shows it whole
BUBBLES = 8


class ExportConversation(Action):
    """Hands the person what is stored of their conversation."""

    def name(self) -> str:
        """Return the name in domain.yml."""
        return "action_export_conversation"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Say every stored line, the latest when they are too many for a chat."""
        try:
            engine = conversations(endpoints_file())
            read = asyncio.get_running_loop().run_in_executor(
                None, read_conversation, engine, tracker.sender_id
            )
            lines = await read
        except (NoDatabase, *FAULTS) as error:
            logger.error("A conversation could not be read (%s).", type(error).__name__)
            speaking.say(dispatcher, tracker, [Bubble("utter_not_exported", answer=ANSWER)])
            return []
        if not lines:
            speaking.say(dispatcher, tracker, [Bubble("utter_export_nothing", answer=ANSWER)])
            return []
        speaking.say(dispatcher, tracker, [Bubble("utter_export_lead_in", answer=ANSWER)])
        pages = paginate(lines)
        for page in pages[-BUBBLES:]:
            dispatcher.utter_message(text=page, metadata={"answer": ANSWER, "sources": []})
        if len(pages) > BUBBLES:
            speaking.say(dispatcher, tracker, [Bubble("utter_export_longer", answer=ANSWER)])
        return []


def paginate(lines: list[Line]) -> list[str]:
    """The lines as messages of at most BUBBLE characters."""
    names = {"person": words("utter_export_person"), "assistant": words("utter_export_assistant")}
    pages = [""]
    for line in lines:
        when = str(line["at"])[:16].replace("T", " ")
        said = f"**{names[line['who']]}** ({when} UTC): {line['text']}"[:BUBBLE]
        if pages[-1] and len(pages[-1]) + len(said) + 2 > BUBBLE:
            pages.append("")
        pages[-1] = f"{pages[-1]}\n\n{said}" if pages[-1] else said
    return pages
