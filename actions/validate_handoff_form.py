"""Reads each reply of the call-back form: consent, name, one contact; each re-asked kindly when it cannot be."""

from __future__ import annotations

import asyncio
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import speaking
from actions.interruptions import REQUESTED, answer_question, ended, is_safety, is_urgent
from hair_answers.knowledge import contact, guided_check
from hair_answers.knowledge.bubble import Bubble
from hair_answers.knowledge.library import Library
from hair_answers.nlu.question_splitter import is_question
from hair_answers.operations.outbox import shared_outbox

CONSENT, NAME, CONTACT = "handoff_consent", "handoff_name", "handoff_contact"
GIVEN = "given"  # all that the conversation keeps of a reply: the details go to the outbox alone
YES = ("small_talk/affirm", "small_talk/ok", "handoff/person", "small_talk/thanks")
AGAIN = {NAME: "utter_name_again", CONTACT: "utter_contact_again", CONSENT: "utter_consent_again"}
YES_WORDS = frozenset("yes y yeah yep yup sure ok okay please agree agreed fine go ahead i do".split())
NO_WORDS = frozenset("no n nope nah dont don't".split())


class ValidateHandoffForm(Action):
    """Reads each reply of the call-back form."""

    def name(self) -> str:
        """Return the name in domain.yml."""
        return "validate_handoff_form"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Return the slot as given, as still open, or the end of the form."""
        slot, text = tracker.get_slot(REQUESTED), speaking.text(tracker)
        if slot not in AGAIN:
            return []
        refused = guided_check.wants_to_stop(text) or (slot == CONSENT and refuses(tracker))
        if refused or is_urgent(tracker):
            return ended(slot)
        if is_safety(tracker):
            return [SlotSet(slot, None)]
        # "What is PRP" is no name; "Will Smith" opens like a question but asks nothing the bot knows.
        if is_question(text) and answer_question(dispatcher, tracker):
            return [SlotSet(slot, None)]
        if value := read(slot, text, tracker):
            await asyncio.to_thread(shared_outbox().write_draft, tracker.sender_id, slot, value)
            return [SlotSet(slot, GIVEN)]
        speaking.say(dispatcher, tracker, [Bubble(AGAIN[slot], answer="handoff/again")])
        return [SlotSet(slot, None)]


def read(slot: str, text: str, tracker: Tracker) -> str | None:
    """Return the reply in the form a clinic can use, or None."""
    if slot == NAME:
        return None if "@" in text else contact.read_name(text)
    if slot == CONTACT:
        return contact.read_contact(text, Library.default().clinic.region)
    agreed = speaking.key(tracker) in YES or _first_word(text) in YES_WORDS
    return "yes" if agreed and not is_question(text) else None


def refuses(tracker: Tracker) -> bool:
    """Tell a "no" to the question for consent."""
    return speaking.key(tracker) == "small_talk/deny" or _first_word(speaking.text(tracker)) in NO_WORDS


def _first_word(text: str) -> str:
    return next(iter(text.lower().replace(",", " ").split()), "").strip(".!")
