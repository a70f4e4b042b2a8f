"""The front desk of the chat platforms: each event is taken once, waits its turn and is answered."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import yaml
from rasa.core.channels.channel import UserMessage

from hair_answers.channels.deduplication import RESUME_SECONDS, Inbox
from hair_answers.channels.intake import (
    IntakeError,
    OnNewMessage,
    RateLimiter,
    SpokenOutput,
    clean_text,
    say,
    spoken,
    take_turn,
    valid_sender,
)
from hair_answers.channels.turn_queue import Job, TurnQueue
from hair_answers.knowledge.library import Library
from hair_answers.speech.curated_speech import fill

logger = logging.getLogger(__name__)

Event = dict[str, Any]
Message = dict[str, Any]

WORDING = Path(__file__).parent / "wording.yml"
WAITING = 1_000  # events in this process before the platform is asked to come again later
TURNS_AT_ONCE = 8  # more would only share the same processor, and each has a time limit
MESSAGES, PER_SECONDS = 8, 10.0  # of one person
DRAIN_SECONDS = 3.0  # for turns, then again for what they say: the process is given ten


class Overloaded(RuntimeError):
    """Too much waits already; the platform shall deliver the event again."""


class Undelivered(RuntimeError):
    """The platform did not take a message: its own error code, and whether another day may help."""

    def __init__(self, code: str, temporary: bool = False) -> None:
        self.code, self.temporary = code, temporary
        super().__init__(code)


@dataclass(frozen=True)
class Arrival:
    """An event reduced to what a turn needs."""

    id: str  # the platform's own, the same when it delivers again
    conversation: str  # Rasa's sender id
    place: Any  # where to answer; the channel's own type
    text: str | None = None  # as typed
    payload: str | None = None  # of a button or command the bot offered
    notice: str = ""  # said first, without a turn
    acts: tuple[Job, ...] = ()  # what the platform expects besides an answer


class Messenger(Protocol):
    """What a channel does for the reception."""

    def label(self) -> str:
        """Return the channel's name."""

    def read(self, event: Event) -> Arrival | None:
        """Return what an event asks for; None when there is nothing to answer."""

    def place_of(self, conversation: str) -> Any:
        """Return where a conversation takes place, for messages that start at the clinic."""

    async def post(self, place: Any, message: Message, heading: bool) -> None:
        """Send one message; Undelivered when the platform does not take it."""

    def typing(self, place: Any) -> AbstractAsyncContextManager[None]:
        """Show that an answer is being prepared."""

    def output(self, reception: Reception, arrival: Arrival | None) -> PlatformOutput:
        """Return the channel's output for a turn, or for no turn."""


class PlatformOutput(SpokenOutput):
    """Hands each message to the reception, which sends it in the conversation's order."""

    def __init__(self, reception: Reception, arrival: Arrival | None = None) -> None:
        """Speak in `arrival`'s turn, or (None) wherever the conversation takes place."""
        self._reception, self._arrival = reception, arrival

    async def send_response(self, recipient_id: str, message: Message) -> None:
        """Send one message; one without words (a payload for another channel) does not count as an answer."""
        if message.get("text"):
            await super().send_response(recipient_id, message)
        else:
            logger.error(
                "A message without a text cannot be shown here: give it one in the action that sends it."
            )

    async def send_text_message(self, recipient_id: str, text: str, **_: Any) -> None:
        """Send bare text, as Rasa does when something speaks without a turn."""
        await self.send_response(recipient_id, {"text": text})

    async def deliver(self, recipient_id: str, message: Message) -> None:
        """Queue the message: a slow platform must not hold the turn, nor a turn's time limit the platform."""
        heading = not self.spoke and self._arrival is not None and self._arrival.payload is not None
        self._reception.send(recipient_id, message, self._arrival, heading)


class Reception:
    """Takes a channel's events: each once, in order for each conversation, answered in the background."""

    def __init__(self, messenger: Messenger, on_new_message: OnNewMessage, inbox: Inbox) -> None:
        self._messenger, self._on_new_message, self._inbox = messenger, on_new_message, inbox
        self._incoming, self._outgoing = TurnQueue(), TurnQueue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._turns = asyncio.Semaphore(TURNS_AT_ONCE)
        self._limiter = RateLimiter(MESSAGES, PER_SECONDS)
        self._notices = RateLimiter(1, PER_SECONDS)

    def take(self, event: Event) -> None:
        """Accept one event; when this returns it may be acknowledged. Overloaded when it may not."""
        if len(self._incoming) >= WAITING:
            raise Overloaded(f"{WAITING} events wait already")
        try:
            arrival = self._messenger.read(event)
            if arrival is not None:
                valid_sender(arrival.conversation)
        except Exception:
            # Unread events are acknowledged: the platform would only deliver the same again.
            logger.exception("An event of %s could not be read.", self._messenger.label())
            return
        if arrival is None or not self._inbox.accept(self._messenger.label(), arrival.id, json.dumps(event)):
            return
        for act in arrival.acts:
            self.send_act(arrival.conversation, act)
        if self._limiter.allow(arrival.conversation):
            self._incoming.put(arrival.conversation, partial(self._turn, arrival))
        elif self._notices.allow(arrival.conversation):
            self.send(
                arrival.conversation, spoken(say("utter_rate_limited"), "fallback/rate_limited"), arrival
            )
        else:
            self._done(arrival)

    def resume(self) -> None:
        """Take up what an earlier process left unanswered."""
        waiting = self._inbox.resume(self._messenger.label())
        if waiting:
            logger.warning(
                "%d events of %s from before the restart are answered now.",
                len(waiting),
                self._messenger.label(),
            )
        for row in waiting:
            arrival = self._messenger.read(json.loads(row.event))
            if arrival is not None:
                self._incoming.put(arrival.conversation, partial(self._turn, arrival))

    def send(
        self, conversation: str, message: Message, arrival: Arrival | None = None, heading: bool = False
    ) -> None:
        """Send a message after those before it; an arrival is answered when one was taken."""
        self._outgoing.put(conversation, partial(self._post, conversation, message, arrival, heading))

    def send_act(self, conversation: str, act: Job) -> None:
        """Do a courtesy that is no message, in the conversation's order."""
        self._outgoing.put(conversation, partial(self._act, act))

    def background(self, connect: Job) -> None:
        """Keep trying `connect` until it succeeds, without holding the start up."""
        task = asyncio.ensure_future(self._persist(connect))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _persist(self, connect: Job) -> None:
        for attempt in count():
            try:
                return await connect()
            except Exception as error:
                # The type alone: an address in the message may hold a token.
                wait = min(60.0, 2.0**attempt)
                what = error.code if isinstance(error, Undelivered) else type(error).__name__
                logger.warning(
                    "%s cannot connect (%s); next try in %.0f s.", self._messenger.label(), what, wait
                )
                await asyncio.sleep(wait)

    async def close(self) -> None:
        """End what is under way, as far as a stopping process has time; the rest waits for the next one."""
        for task in set(self._tasks):
            task.cancel()
        left = await self._incoming.drain(DRAIN_SECONDS) + await self._outgoing.drain(DRAIN_SECONDS)
        if left:
            logger.warning("%d jobs of %s were left for the next start.", left, self._messenger.label())
        self._inbox.close()

    async def _turn(self, arrival: Arrival) -> None:
        output = self._messenger.output(self, arrival)
        if arrival.notice:
            await output.send_response(arrival.conversation, spoken(arrival.notice, "fallback/notice"))
        try:
            text = arrival.payload or (None if arrival.text is None else clean_text(arrival.text))
        except IntakeError as error:
            text = None
            await output.send_response(arrival.conversation, spoken(str(error), f"fallback/{error.code}"))
        if text:
            label = self._messenger.label()
            message = UserMessage(
                text, output, arrival.conversation, input_channel=label, message_id=arrival.id
            )
            async with self._turns, self._messenger.typing(arrival.place):
                await take_turn(self._on_new_message, message)
        if not output.spoke:
            self._done(arrival)

    async def _post(
        self, conversation: str, message: Message, arrival: Arrival | None, heading: bool
    ) -> None:
        try:
            place = arrival.place if arrival else self._messenger.place_of(conversation)
            await self._messenger.post(place, message, heading)
        except Undelivered as error:
            logger.error("%s did not take a message: %s.", self._messenger.label(), error.code)
            if error.temporary:
                # Not heard: the next start tries again, but what was written is not kept for long.
                asyncio.get_running_loop().call_later(RESUME_SECONDS + 1, self._inbox.drop_old)
                return
        except Exception:
            logger.exception("A message for %s could not be made.", self._messenger.label())
            await self._apologise(place)
        if arrival:
            self._done(arrival)

    async def _apologise(self, place: Any) -> None:
        try:
            await self._messenger.post(place, spoken(say("utter_error"), "fallback/error"), False)
        except Exception:
            logger.exception("The apology could not be sent.")

    async def _act(self, act: Callable[[], Awaitable[None]]) -> None:
        try:
            await act()
        except Undelivered as error:
            # Such as an answer to a tap that is too old: no words are lost.
            logger.info("%s did not take a courtesy: %s.", self._messenger.label(), error.code)

    def _done(self, arrival: Arrival) -> None:
        self._inbox.answered(self._messenger.label(), arrival.id)


@lru_cache(maxsize=1)
def wording() -> dict[str, Any]:
    """Return wording.yml: what the platforms' own places say."""
    data: dict[str, Any] = yaml.safe_load(WORDING.read_text(encoding="utf-8"))
    return data


def note(name: str, **values: str) -> str:
    """Return a line of wording.yml with the clinic's details and `values` filled in."""
    return fill(str(wording()[name]).strip(), {**Library.default().clinic.placeholders(), **values})
