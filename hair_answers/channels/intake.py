"""What every channel does with a typed message before Rasa sees it, and with a turn that fails."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import OutputChannel, UserMessage

from hair_answers.knowledge.library import Library
from hair_answers.nlu.text_cleaner import plain_characters
from hair_answers.speech.curated_speech import fill

logger = logging.getLogger(__name__)

OnNewMessage = Callable[[UserMessage], Awaitable[Any]]

LONGEST = 500  # characters: one longer message would hold every other conversation up
TURN_SECONDS = 20.0  # an action server that hangs must not hang the person
_SENDER = re.compile(r"[A-Za-z0-9_-]{1,64}")


class IntakeError(ValueError):
    """A message the bot cannot take: a stable `code` for programs and the words for the person."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


def say(name: str) -> str:
    """Return a line of the bot's own voice (data/voice.yml) with the clinic's details filled in."""
    library = Library.default()
    return fill(library.voice[name].text, library.clinic.placeholders())


def spoken(text: str, answer: str) -> dict[str, Any]:
    """Return a message the channel says by itself, in the form Rasa's messages have."""
    return {"text": text, "metadata": {"answer": answer, "sources": []}}


def clean_text(text: object) -> str:
    """Return typed text without invisible characters and leading slashes; IntakeError if none is left."""
    if not isinstance(text, str):
        raise IntakeError("not_text", f"message must be text, found {type(text).__name__}")
    if len(text) > LONGEST:
        raise IntakeError("too_long", say("utter_too_long"))
    cleaned = plain_characters(text).lstrip("/").strip()
    if not cleaned:
        raise IntakeError("empty", say("utter_empty"))
    return cleaned


def valid_sender(sender: object) -> str:
    """Return a conversation id as it is, or raise IntakeError: a NUL in one stops a SQL store."""
    if isinstance(sender, str) and _SENDER.fullmatch(sender):
        return sender
    raise IntakeError("bad_sender", "sender must be 1 to 64 letters, digits, - or _")


class RateLimiter:
    """At most `messages` in `seconds` for each sender; remembers the latest `senders` only."""

    def __init__(self, messages: int, seconds: float, senders: int = 10_000) -> None:
        self._messages, self._seconds, self._senders = messages, seconds, senders
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def allow(self, sender: str, now: float | None = None) -> bool:
        """Count one message and tell whether it may pass; `now` is in monotonic seconds."""
        moment = time.monotonic() if now is None else now
        times = self._times.setdefault(sender, deque())
        self._times.move_to_end(sender)
        if len(self._times) > self._senders:
            self._times.popitem(last=False)
        while times and moment - times[0] > self._seconds:
            times.popleft()
        if len(times) >= self._messages:
            return False
        times.append(moment)
        return True


class SpokenOutput(OutputChannel):
    """An output that knows whether the person has heard anything in this turn."""

    spoke = False

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Send one whole message: text, buttons and metadata stay together."""
        await self.deliver(recipient_id, message)
        self.spoke = True

    async def deliver(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Hand one message to the channel."""
        raise NotImplementedError


async def take_turn(on_new_message: OnNewMessage, message: UserMessage) -> None:
    """Run one turn; whatever fails, the person hears an honest message instead of nothing."""
    output = message.output_channel
    try:
        await asyncio.wait_for(on_new_message(message), TURN_SECONDS)
    except asyncio.TimeoutError:
        logger.error("A turn took longer than %.0f s and was ended.", TURN_SECONDS)
    except Exception:
        # The traceback names the fault; the message's text stays out of the log.
        logger.exception("A turn failed.")
    if isinstance(output, SpokenOutput) and not output.spoke:
        apology = spoken(say("utter_error"), "fallback/error")
        try:
            await output.send_response(message.sender_id, apology)
        except Exception:
            logger.exception("The apology for a failed turn could not be sent.")
