"""Trackers built from the events a conversation really leaves, and an action run on one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from hair_answers.operations import feedback, outbox

Event = dict[str, Any]


class Spoken:
    """What an action said and which events it returned."""

    def __init__(self, dispatcher: CollectingDispatcher, events: list[Event]) -> None:
        self.messages = dispatcher.messages
        self.events = events

    @property
    def said(self) -> list[str]:
        """Names of the whole answers and keys of the bot's own words, in order."""
        return [
            message["response"].removeprefix("utter_")
            if message["response"]
            else message["metadata"]["answer"]
            for message in self.messages
        ]

    @property
    def slots(self) -> dict[str, Any]:
        """The slots the action set."""
        return {event["name"]: event["value"] for event in self.events if event["event"] == "slot"}


@pytest.fixture
def run() -> Callable[..., Any]:
    """Run an action after some events."""

    async def run_action(action: Action, *events: Event, slots: dict[str, Any] | None = None) -> Spoken:
        latest = next(event for event in reversed(events) if event["event"] == "user")
        message = {**latest["parse_data"], "text": latest["text"]}
        tracker = Tracker("one", slots or {}, message, list(events), False, None, {}, "action_listen")
        dispatcher = CollectingDispatcher()
        returned = await action.run(dispatcher, tracker, {})
        return Spoken(dispatcher, returned)

    return run_action


@pytest.fixture(autouse=True)
def own_state(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the tests' requests and opinions out of the project's own."""
    monkeypatch.setenv(outbox.VARIABLE, f"sqlite:///{tmp_path / 'outbox.db'}")
    monkeypatch.setenv(feedback.VARIABLE, f"sqlite:///{tmp_path / 'feedback.db'}")
