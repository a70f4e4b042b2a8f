"""Telegram: private chats and groups, buttons and commands; by webhook or polling."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import re
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from rasa.core.channels.channel import InputChannel
from rasa.shared.exceptions import InvalidConfigException
from sanic import Blueprint, Sanic, response
from sanic.request import Request
from sanic.response import HTTPResponse

from hair_answers.channels.deduplication import Inbox
from hair_answers.channels.intake import OnNewMessage, say
from hair_answers.channels.payloads import payload_of
from hair_answers.channels.reception import (
    Arrival,
    Event,
    Message,
    Overloaded,
    PlatformOutput,
    Reception,
    Undelivered,
    wording,
)
from hair_answers.channels.renderers import telegram as renderer
from hair_answers.channels.settings import SettingsError, TelegramSettings
from hair_answers.channels.telegram_api import TelegramApi

logger = logging.getLogger(__name__)

LARGEST_BODY = 512_000  # bytes
UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")
TYPING_AFTER = 0.4  # seconds: a quick answer needs no sign
TYPING_EVERY = 4.0  # seconds; Telegram shows it for five
POLL_SECONDS = 25
MEDIA = frozenset(
    "animation audio contact dice document game live_photo location paid_media photo poll sticker story venue"
    " video video_note voice".split()
)
_CONVERSATION = re.compile(r"telegram-(-?\d+)(?:-(\d+))?")
_COMMAND = re.compile(r"/(\w+)(?:@(\w+))?(?:\s|$)")


@dataclass(frozen=True)
class Place:
    """Where an answer goes: a chat, in groups below the question and in its topic."""

    chat: int
    below: int | None = None
    topic: int | None = None


@dataclass(frozen=True)
class Myself:
    """The bot's own account, as getMe tells it."""

    id: int
    username: str


class TelegramOutput(PlatformOutput):
    """Speaks in Telegram."""

    @classmethod
    def name(cls) -> str:
        """Return the channel's name."""
        return "telegram"


class TelegramClinicInput(InputChannel):
    """Takes Telegram's updates; in a group only what is said to the bot, apart for each person."""

    def __init__(self, settings: TelegramSettings) -> None:
        self._settings = settings
        self._api = TelegramApi(settings.api_base, settings.access_token)
        self._me: Myself | None = None
        self._reception: Reception | None = None
        self._commands = {row["command"]: row["payload"] for row in wording()["commands"]}

    @classmethod
    def name(cls) -> str:
        """Return the channel's name, which is also its place in the address."""
        return "telegram"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> TelegramClinicInput:
        """Make the channel from its block; a block that cannot work stops the start with all its faults."""
        try:
            return cls(TelegramSettings.read(credentials))
        except SettingsError as error:
            raise InvalidConfigException(str(error)) from error

    def get_output_channel(self) -> TelegramOutput | None:
        """Return an output for messages that start at the clinic: reminders and triggered intents."""
        return TelegramOutput(self._reception) if self._reception else None

    def blueprint(self, on_new_message: OnNewMessage) -> Blueprint:
        """Serve `/webhook`; talk to Telegram only once the server runs, so that it starts offline too."""
        reception = self._reception = Reception(self, on_new_message, Inbox(self._settings.deliveries))
        blueprint = Blueprint("telegram_clinic", __name__)

        @blueprint.route("/", methods=["GET"])
        async def health(_: Request) -> HTTPResponse:
            return response.json({"status": "ok"})

        @blueprint.route("/webhook", methods=["POST"])
        async def receive(request: Request) -> HTTPResponse:
            return self._receive(request)

        @blueprint.listener("after_server_start")
        async def start(_: Sanic, __: Any) -> None:
            reception.resume()
            reception.background(self._connect)

        @blueprint.listener("before_server_stop")
        async def stop(_: Sanic, __: Any) -> None:
            await reception.close()
            await self._api.close()

        return blueprint

    # Coming in --------------------------------------------------------------------------------

    def _receive(self, request: Request) -> HTTPResponse:
        """Check, accept and acknowledge one update; whatever is in it, the same one need not come again."""
        given = request.headers.get("x-telegram-bot-api-secret-token", "")
        wanted = self._settings.secret_token
        if not wanted or not hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode()):
            return response.text("not from Telegram", status=403)
        if len(request.body) > LARGEST_BODY:
            return response.text("too large", status=413)
        try:
            update = json.loads(request.body)
        except (ValueError, RecursionError):
            return response.text("no JSON", status=400)
        try:
            if isinstance(update, dict):
                self._running().take(update)
        except Overloaded:
            return response.text("busy", status=503)
        return response.text("")

    def read(self, event: Event) -> Arrival | None:
        """Return what an update asks for; None for what no person expects an answer to.

        An edit is answered like a new question: somebody may have added that they are in danger.
        """
        if tap := event.get("callback_query"):
            return self._read_tap(str(event["update_id"]), tap)
        message = event.get("message") or event.get("edited_message")
        sender = (message or {}).get("from") or {}
        if not message or not sender.get("id") or sender.get("is_bot"):
            return None
        private = message["chat"]["type"] == "private"
        if not private and not self._is_for_me(message):
            return None
        media = any(kind in message for kind in MEDIA)
        text = message.get("text") if "text" in message else message.get("caption")
        if text is None and not media:
            return None  # someone joined, a title changed …
        payload, words = self._command(self._without_mention(str(text or "").strip()))
        return Arrival(
            str(event["update_id"]), conversation_of(message["chat"], sender), place_of_message(message),
            payload=payload, text=words if words or not media else None,
            notice=say("utter_no_media") if media else "",
        )  # fmt: skip

    def _read_tap(self, update_id: str, tap: Event) -> Arrival | None:
        """A tap on a button; one whose answer has gone since then asks with its words."""
        data, sender = str(tap.get("data") or ""), tap["from"]
        message = tap.get("message") or {}
        chat = message.get("chat") or {"id": sender["id"], "type": "private"}
        rows = (message.get("reply_markup") or {}).get("inline_keyboard") or []
        titles = [entry["text"] for row in rows for entry in row if entry.get("callback_data") == data]
        acts = [partial(self._api.call, "answerCallbackQuery", tries=2, callback_query_id=tap["id"])]
        if titles:
            left = {"inline_keyboard": renderer.without_button(rows, data)}
            where = {"chat_id": chat["id"], "message_id": message["message_id"]}
            acts.append(partial(self._api.call, "editMessageReplyMarkup", **where, reply_markup=left))
        payload = payload_of(data)
        place = place_of_message({**message, "chat": chat})
        return Arrival(
            update_id, conversation_of(chat, sender), place,
            payload=payload, text=None if payload else next(iter(titles), ""), acts=tuple(acts),
        )  # fmt: skip

    def _is_for_me(self, message: Event) -> bool:
        """Tell whether a group's message is said to the bot: by name, by command, or as a reply to it."""
        if self._me is None:
            return False
        replied = ((message.get("reply_to_message") or {}).get("from") or {}).get("id")
        entities = [*(message.get("entities") or ()), *(message.get("caption_entities") or ())]
        named = any((entity.get("user") or {}).get("id") == self._me.id for entity in entities)
        text = str(message.get("text") or message.get("caption") or "")
        return replied == self._me.id or named or self._mention().search(text) is not None

    def _mention(self) -> re.Pattern[str]:
        name = re.escape(self._me.username) if self._me else r"(?!)"
        return re.compile(rf"@{name}\b", re.IGNORECASE)

    def _without_mention(self, text: str) -> str:
        """Return the text without the bot's name; a command keeps its meaning without it."""
        return self._mention().sub("", text).strip()

    def _command(self, text: str) -> tuple[str | None, str]:
        """Return (payload, "") for a command of the menu, else (None, text)."""
        match = _COMMAND.match(text)
        payload = self._commands.get(match.group(1).lower()) if match else None
        return (payload, "") if payload else (None, text)

    # Going out --------------------------------------------------------------------------------

    def label(self) -> str:
        """Return the channel's name."""
        return self.name()

    def output(self, reception: Reception, arrival: Arrival | None) -> PlatformOutput:
        """Return the output for a turn."""
        return TelegramOutput(reception, arrival)

    def place_of(self, conversation: str) -> Place:
        """Return where a conversation takes place; Undelivered when the id is not one of Telegram's."""
        match = _CONVERSATION.fullmatch(conversation)
        if not match:
            raise Undelivered("not a Telegram conversation")
        return Place(int(match.group(1)))

    async def post(self, place: Place, message: Message, heading: bool) -> None:
        """Send one message as one or more posts; only the first stands below the question."""
        below = place.below
        for post in renderer.render(message, heading):
            arguments: dict[str, Any] = {
                "chat_id": place.chat,
                **post,
                "link_preview_options": {"is_disabled": True},
            }
            if place.topic:
                arguments["message_thread_id"] = place.topic
            if below:
                reply = {"message_id": below, "allow_sending_without_reply": True}
                arguments["reply_parameters"], below = reply, None
            await self._api.call("sendMessage", **arguments)

    def typing(self, place: Place) -> AbstractAsyncContextManager[None]:
        """Show "typing …" while an answer takes longer than a moment."""
        return self._typing(place)

    @asynccontextmanager
    async def _typing(self, place: Place) -> AsyncIterator[None]:
        task = asyncio.ensure_future(self._show_typing(place))
        try:
            yield
        finally:
            task.cancel()

    async def _show_typing(self, place: Place) -> None:
        topic = {"message_thread_id": place.topic} if place.topic else {}
        await asyncio.sleep(TYPING_AFTER)
        while True:
            try:
                await self._api.call("sendChatAction", tries=1, chat_id=place.chat, action="typing", **topic)
            except Undelivered as error:
                logger.info("Telegram did not take a courtesy: %s.", error.code)
            await asyncio.sleep(TYPING_EVERY)

    # Life --------------------------------------------------------------------------------

    def _running(self) -> Reception:
        assert self._reception is not None, "blueprint() makes the reception before any update can come"
        return self._reception

    async def _connect(self) -> None:
        """Learn the bot's own name, set the menu, and have updates sent here, or fetch them for ever."""
        if self._me is None:
            account = await self._api.call("getMe", tries=1)
            self._me = Myself(int(account["id"]), str(account["username"]))
        menu = [{name: row[name] for name in ("command", "description")} for row in wording()["commands"]]
        await self._api.call("setMyCommands", tries=1, commands=menu)
        if self._settings.mode == "polling":
            await self._api.call("deleteWebhook", tries=1)
            await self._poll()
        await self._api.call(
            "setWebhook", tries=1, url=self._settings.webhook_url, secret_token=self._settings.secret_token,
            allowed_updates=list(UPDATES),
        )  # fmt: skip
        logger.info("Telegram sends its updates to %s.", self._settings.webhook_url)

    async def _poll(self) -> None:
        """Fetch updates; an update is acknowledged by asking for the next one, so after it was accepted."""
        offset, failures = 0, 0
        while True:
            try:
                updates = await self._api.call(
                    "getUpdates",
                    tries=1,
                    seconds=POLL_SECONDS + 10,
                    offset=offset,
                    timeout=POLL_SECONDS,
                    allowed_updates=list(UPDATES),
                )
            except Undelivered as error:
                failures += 1
                logger.warning("No updates from Telegram (%s); trying again.", error.code)
                await asyncio.sleep(min(60.0, 2.0**failures))
                continue
            failures = 0
            for update in updates:
                await self._take_when_possible(update)
                offset = int(update["update_id"]) + 1

    async def _take_when_possible(self, update: Event) -> None:
        while True:
            try:
                return self._running().take(update)
            except Overloaded:
                await asyncio.sleep(1)


def conversation_of(chat: Event, sender: Event) -> str:
    """Return Rasa's sender id: the chat, in groups with the person, whose questions are nobody else's."""
    return f"telegram-{chat['id']}" if chat["type"] == "private" else f"telegram-{chat['id']}-{sender['id']}"


def place_of_message(message: Event) -> Place:
    """Return where to answer a message: in groups as a reply, so that all see whose question it was."""
    chat = message["chat"]
    if chat["type"] == "private":
        return Place(int(chat["id"]))
    topic = message.get("message_thread_id") if message.get("is_topic_message") else None
    return Place(int(chat["id"]), message.get("message_id"), topic)
