"""A red flag beats a form before the action server is asked, and what was typed into a private form is withheld."""

from __future__ import annotations

from typing import Any

import pytest
from rasa.core.actions.action import ActionExecutionRejection
from rasa.core.actions.forms import FormAction
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActiveLoop, SlotSet, UserUttered
from rasa.shared.core.slots import AnySlot
from rasa.shared.core.trackers import DialogueStateTracker

from hair_answers.operations import form_guard

SLOTS = [AnySlot(name, mappings=[{}]) for name in ("requested_slot", "handoff_contact")]
DOMAIN = Domain.from_yaml(
    "version: '3.1'\nintents: [safety, x]\nactions: [validate_handoff_form]\n"
    "slots:\n  handoff_contact: {type: any, mappings: [{type: custom}]}\n"
    "forms:\n  handoff_form: {required_slots: [handoff_contact]}\n  other_form: {required_slots: []}\n"
)


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stand in for the action server; return what it was shown."""
    shown: list[str] = []

    async def validate_slots(
        self: FormAction, slots: Any, tracker: DialogueStateTracker, *rest: Any
    ) -> list[Any]:
        shown.append(tracker.latest_message.text)  # type: ignore[union-attr, arg-type]
        return [SlotSet("handoff_contact", "given")]

    monkeypatch.setattr(FormAction, "validate_slots", validate_slots)
    form_guard.install()
    return shown


def tracker_in(form: str, text: str, intent: str) -> DialogueStateTracker:
    message = UserUttered(
        text, {"name": intent}, [{"entity": "x", "value": text}], {"text": text, "intent": {"name": intent}}
    )  # type: ignore[typeddict-item]
    events = [ActiveLoop(form), SlotSet("requested_slot", "handoff_contact"), message]
    return DialogueStateTracker.from_events("one", events, slots=SLOTS)


async def validate(form: str, tracker: DialogueStateTracker) -> Any:
    return await FormAction(form, None).validate(tracker, DOMAIN, None, None)  # type: ignore[arg-type]


@pytest.mark.parametrize("intent", ["safety", "reassured"])
async def test_safety_goes_first_without_the_action_server(asked: list[str], intent: str) -> None:
    with pytest.raises(ActionExecutionRejection):
        await validate("handoff_form", tracker_in("handoff_form", "i want to die", intent))
    assert asked == []


async def test_the_form_reads_the_words_and_the_conversation_forgets_them(asked: list[str]) -> None:
    tracker = tracker_in("handoff_form", "jane@example.com", "x")
    await validate("handoff_form", tracker)
    assert asked == ["jane@example.com"]
    kept = str([event.as_dict() for event in tracker.events])
    assert "jane" not in kept
    assert form_guard.WITHHELD in kept


async def test_the_words_are_forgotten_even_when_the_form_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr(FormAction, "validate_slots", fail)
    tracker = tracker_in("handoff_form", "jane@example.com", "x")
    with pytest.raises(ConnectionError):
        await validate("handoff_form", tracker)
    assert "jane" not in str([event.as_dict() for event in tracker.events])


async def test_other_forms_keep_their_messages() -> None:
    tracker = tracker_in("other_form", "too long", "x")
    await validate("other_form", tracker)
    assert tracker.latest_message is not None
    assert tracker.latest_message.text == "too long"


def test_installing_twice_changes_nothing() -> None:
    before = FormAction.validate
    form_guard.install()
    assert FormAction.validate is before
