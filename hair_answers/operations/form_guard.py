"""Two promises about forms that must hold even when the action server is down.

A red flag beats a form: Rasa would ask the form's action before anything else. And what a person types into a form
stays out of the store: the answer lives where the form put it, not in the conversation.
"""

from __future__ import annotations

from typing import Any

from rasa.core.actions.action import ActionExecutionRejection
from rasa.core.actions.forms import FormAction
from rasa.shared.core.trackers import DialogueStateTracker

# "I am fine" after a safety answer belongs to it, not to the form.
BEFORE_ANY_FORM = frozenset({"safety", "reassured"})
WITHHELD = "[REMOVED]"
PRIVATE_FORMS = frozenset({"handoff_form", "guided_check_form"})


def install() -> None:
    """Guard every form; calling it again changes nothing."""
    if getattr(FormAction.validate, "is_guarded", False):
        return
    validate = FormAction.validate

    async def guarded(self: FormAction, tracker: DialogueStateTracker, *args: Any) -> Any:
        """Let a safety message pass the form by; withhold what was typed once the form has read it."""
        if intent_of(tracker) in BEFORE_ANY_FORM:
            raise ActionExecutionRejection(self.name(), "A safety message goes before the form.")
        asked = self.get_slot_to_fill(tracker)
        try:
            return await validate(self, tracker, *args)
        finally:
            if asked and self.name() in PRIVATE_FORMS:
                withhold(tracker)

    guarded.is_guarded = True  # type: ignore[attr-defined]
    FormAction.validate = guarded


def intent_of(tracker: DialogueStateTracker) -> str | None:
    """Return the intent of the latest message."""
    latest = tracker.latest_message
    return latest.intent.get("name") if latest and latest.intent else None


def withhold(tracker: DialogueStateTracker) -> None:
    """Take the words out of the latest message; what it was understood as stays."""
    latest = tracker.latest_message
    if latest is None:
        return
    latest.text = WITHHELD
    latest.entities = []
    intent = (latest.parse_data or {}).get("intent")
    latest.parse_data = {"text": WITHHELD, "intent": intent, "entities": []}
