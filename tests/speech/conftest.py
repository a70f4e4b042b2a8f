"""A conversation to speak in, and the speaking step with a clock that a test sets."""

import asyncio
from datetime import date

import pytest
from rasa.shared.core.events import BotUttered, SessionStarted, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from hair_answers.knowledge.library import Library
from hair_answers.speech.curated_speech import CuratedSpeech


class Conversation:
    """A tracker to which a test adds turns; the latest message is not answered yet."""

    def __init__(self, library, today):
        self.today = today
        self.speech = CuratedSpeech(library=library, today=lambda: self.today)
        self.tracker = DialogueStateTracker("someone", [])
        self.tracker.update(SessionStarted())

    def hears(self, text, **understood):
        """Add a message of the person; `understood` is what the understanding step wrote."""
        understood.setdefault("intent", {"name": "causes", "confidence": 0.9})
        event = UserUttered(text, understood["intent"], [], parse_data={"text": text, **understood})
        self.tracker.update(event)
        return self

    def said(self, answer, **metadata):
        """Add an answer the bot has given."""
        self.tracker.update(BotUttered("…", metadata={"metadata": {"answer": answer, **metadata}}))
        return self

    def says(self, name, channel="website", **values):
        """Return what the bot says now."""
        return asyncio.run(self.speech.generate(name, self.tracker, channel, **values))


@pytest.fixture(scope="session")
def library():
    return Library.default()


@pytest.fixture
def conversation(library):
    return Conversation(library, date(2026, 12, 1)).hears("what is alopecia areata")
