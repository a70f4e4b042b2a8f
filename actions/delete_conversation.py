"""Erases the person's conversation from the database; the tracker store then keeps nothing of this turn either."""

from __future__ import annotations

import asyncio
import functools
import logging
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions import speaking
from hair_answers.knowledge.bubble import Bubble
from hair_answers.operations.outbox import shared_outbox
from hair_answers.operations.settings import archives, conversations, endpoints_file
from hair_answers.storage.database import FAULTS, NoDatabase
from hair_answers.storage.erasure import erase_everywhere

logger = logging.getLogger(__name__)


class DeleteConversation(Action):
    """Erases the person's conversation from the database."""

    def name(self) -> str:
        """Return the name in domain.yml, which the tracker store knows too."""
        return "action_delete_conversation"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Erase and say so; when the database does not answer, say that nothing was erased."""
        work = functools.partial(erase, str(tracker.sender_id))
        try:
            await asyncio.get_running_loop().run_in_executor(None, work)
        except (NoDatabase, *FAULTS) as error:
            logger.error("A conversation could not be erased (%s).", type(error).__name__)
            speaking.say(
                dispatcher, tracker, [Bubble("utter_not_erased", answer="privacy_request/not_erased")]
            )
            return []
        bubble = Bubble("utter_privacy_request/erase_now", answer="privacy_request/erase_now")
        speaking.say(dispatcher, tracker, [bubble])
        return []


def erase(sender_id: str) -> None:
    """Erase one conversation; raises when anything is left."""
    shared_outbox().drop_draft(
        sender_id
    )  # a request already sent is the clinic's: the bot says so when it asks
    endpoints = endpoints_file()
    results = erase_everywhere(conversations(endpoints), archives(endpoints), sender_id)
    if left := [result.store for result in results if result.left]:
        raise OSError(f"rows are left in: {', '.join(left)}")
