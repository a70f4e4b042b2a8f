"""Slack: direct messages, mentions, the /hair command, buttons, home page; by web address or Socket Mode."""

from __future__ import annotations

import html
import json
import logging
import re
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import parse_qs

import aiohttp
from rasa.core.channels.channel import InputChannel
from rasa.shared.exceptions import InvalidConfigException
from sanic import Blueprint, Sanic, response
from sanic.request import Request
from sanic.response import HTTPResponse
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.signature import SignatureVerifier
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from hair_answers.channels.deduplication import Inbox
from hair_answers.channels.intake import OnNewMessage, say
from hair_answers.channels.payloads import is_payload
from hair_answers.channels.reception import (
    Arrival,
    Event,
    Message,
    Overloaded,
    PlatformOutput,
    Reception,
    Undelivered,
    note,
    wording,
)
from hair_answers.channels.renderers import slack as renderer
from hair_answers.channels.renderers.document import read
from hair_answers.channels.renderers.sheet import Button
from hair_answers.channels.settings import SettingsError, SlackSettings
from hair_answers.knowledge.library import Library

logger = logging.getLogger(__name__)

LARGEST_BODY = 512_000  # bytes; a tap carries the whole message it was made on
RETRIES = 5
TEMPORARY = frozenset(
    {"ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"}
)
PERSONAL = frozenset(
    {None, "file_share", "me_message", "message_changed"}
)  # what a person does, not Slack itself
NO_TEAM = "T0"  # apps installed for a whole organisation may name none
_USER = re.compile(r"[UW][A-Z0-9]{2,20}")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_REFERENCE = re.compile(r"<([^<>|]+)(?:\|([^<>]*))?>")
_CONVERSATION = re.compile(r"slack-([A-Z0-9]+)-([A-Z0-9]+)(?:-([A-Z0-9]+)-(\d+)_(\d+))?")


@dataclass(frozen=True)
class Place:
    """Where an answer goes: a channel (a user's id means their direct messages), a thread, one person."""

    channel: str
    thread: str = ""
    only_for: str = ""


class SlackOutput(PlatformOutput):
    """Speaks in Slack."""

    @classmethod
    def name(cls) -> str:
        """Return the channel's name."""
        return "slack"


class SlackClinicInput(InputChannel):
    """Takes events, taps and commands; a channel sees health talk only where clinic.yml allows it."""

    def __init__(self, settings: SlackSettings) -> None:
        self._settings = settings
        self._verifier = SignatureVerifier(settings.signing_secret) if settings.signing_secret else None
        self._client: AsyncWebClient | None = None
        self._socket: SocketModeClient | None = None
        self._reception: Reception | None = None

    @classmethod
    def name(cls) -> str:
        """Return the channel's name, which is also its place in the address."""
        return "slack"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> SlackClinicInput:
        """Make the channel from its block; a block that cannot work stops the start with all its faults."""
        try:
            return cls(SlackSettings.read(credentials))
        except SettingsError as error:
            raise InvalidConfigException(str(error)) from error

    def get_output_channel(self) -> SlackOutput | None:
        """Return an output for messages that start at the clinic: reminders and triggered intents."""
        return SlackOutput(self._reception) if self._reception else None

    def blueprint(self, on_new_message: OnNewMessage) -> Blueprint:
        """Serve `/webhook` for events, taps and commands alike; connect when the server has started."""
        reception = self._reception = Reception(self, on_new_message, Inbox(self._settings.deliveries))
        blueprint = Blueprint("slack_clinic", __name__)

        @blueprint.route("/", methods=["GET"])
        async def health(_: Request) -> HTTPResponse:
            return response.json({"status": "ok"})

        @blueprint.route("/webhook", methods=["POST"])
        async def receive(request: Request) -> HTTPResponse:
            return self._receive(request)

        @blueprint.listener("after_server_start")
        async def start(_: Sanic, __: Any) -> None:
            await self._start()

        @blueprint.listener("before_server_stop")
        async def stop(_: Sanic, __: Any) -> None:
            if self._socket:
                await self._socket.close()
            await reception.close()
            if self._client and self._client.session:
                await self._client.session.close()

        return blueprint

    # Coming in --------------------------------------------------------------------------------

    def _receive(self, request: Request) -> HTTPResponse:
        """Check, accept and acknowledge one request; Slack wants that within three seconds."""
        if len(request.body) > LARGEST_BODY:
            return response.text("too large", status=413)
        if not self._is_from_slack(request.body, request.headers):
            return response.text("bad signature", status=401)
        try:
            kind, event = parse_body(request.body, request.headers.get("content-type", ""))
        except (ValueError, KeyError, RecursionError):
            return response.text("not understood", status=400)
        if event.get("type") == "url_verification":
            return response.text(str(event.get("challenge", "")))
        try:
            reply = self._accept(kind, event)
        except Overloaded:
            return response.text("busy", status=503, headers={"Retry-After": "60"})
        return response.json(reply) if reply else response.text("")

    def _is_from_slack(self, body: bytes, headers: Mapping[str, str]) -> bool:
        timestamp = headers.get("x-slack-request-timestamp", "")
        signature = headers.get("x-slack-signature", "")
        if self._verifier is None or not (_TIMESTAMP.fullmatch(timestamp) and signature.isascii()):
            return False
        try:
            return self._verifier.is_valid(body, timestamp, signature)
        except UnicodeDecodeError:  # Slack's own verifier reads the body as text; Slack sends nothing else
            return False

    def _accept(self, kind: str, event: Event) -> Event:
        """Put the event in the queue and return what Slack shows at once (for a command), or nothing."""
        if event.get("ssl_check"):
            return {}
        inner = event.get("event")
        if not isinstance(inner, dict):
            inner = {}
        if inner.get("type") == "app_home_opened" and inner.get("tab") == "home":
            self._running().send_act(str(inner.get("user")), partial(self._show_home, str(inner.get("user"))))
            return {}
        self._running().take({**event, "kind": kind})
        if kind != "command":
            return {}
        asked = str(event.get("text") or "").strip()
        return {
            "response_type": "ephemeral",
            "text": note("answered_in_private" if asked else "ask_in_private"),
        }

    def read(self, event: Event) -> Arrival | None:
        """Return what an event, tap or command asks for; None when a person expects no answer."""
        readers = {"event": self._read_event, "tap": self._read_tap, "command": self._read_command}
        return readers[event["kind"]](event)

    def _read_event(self, event: Event) -> Arrival | None:
        inner = event.get("event") or {}
        team, subtype = str(event.get("team_id") or NO_TEAM), inner.get("subtype")
        if inner.get("type") not in ("message", "app_mention") or subtype not in PERSONAL:
            return None
        direct = inner.get("channel_type") == "im" and inner["type"] == "message"
        if not direct and inner["type"] != "app_mention":
            return None
        message = _edited(inner) if subtype == "message_changed" else inner
        user = message.get("user") if message else None
        if not message or message.get("bot_id") or not isinstance(user, str) or not _USER.fullmatch(user):
            return None
        event_id, channel = str(event.get("event_id") or inner.get("event_ts")), str(inner["channel"])
        text = plain_words(str(message.get("text") or ""))
        if not direct:
            return self._read_mention(event_id, team, user, channel, message, text)
        media = bool(message.get("files"))
        return Arrival(
            event_id, f"slack-{team}-{user}", Place(channel, str(message.get("thread_ts") or "")),
            text=text if text or not media else None, notice=say("utter_no_media") if media else "",
        )  # fmt: skip

    def _read_mention(
        self, event_id: str, team: str, user: str, channel: str, message: Event, text: str
    ) -> Arrival:
        """Answer in a thread where the clinic allows it; else tell only the person where to ask."""
        thread = str(message.get("thread_ts") or "")
        conversation = f"slack-{team}-{user}"
        if not Library.default().clinic.slack_answer_in_threads:
            return Arrival(
                event_id, conversation, Place(channel, thread, user), notice=note("write_in_private")
            )
        thread = thread or str(message["ts"])
        # A person's questions in different threads are different conversations, and nobody else's.
        conversation += f"-{channel}-{thread.replace('.', '_')}"
        place = Place(channel, thread)
        return Arrival(
            event_id, conversation, place, payload=None if text else "/small_talk/greet", text=text
        )

    def _read_tap(self, event: Event) -> Arrival | None:
        """A tap on a button; one whose answer has gone since then asks with its words."""
        action: Event = next(iter(event.get("actions") or ()), {})
        user = str((event.get("user") or {}).get("id") or "")
        if (
            event.get("type") != "block_actions"
            or action.get("type") != "button"
            or not _USER.fullmatch(user)
        ):
            return None
        title, value = str((action.get("text") or {}).get("text") or ""), str(action.get("value") or "")
        team = str((event.get("team") or {}).get("id") or NO_TEAM)
        message, channel = event.get("message") or {}, str((event.get("channel") or {}).get("id") or "")
        thread = str(message.get("thread_ts") or "")
        conversation, place = f"slack-{team}-{user}", Place(channel or user, thread)
        if thread and not channel.startswith("D"):
            conversation += f"-{channel}-{thread.replace('.', '_')}"
        acts = (
            (partial(self._close_button, channel, message, action, title),) if message.get("blocks") else ()
        )
        known = is_payload(value)
        return Arrival(
            f"tap-{event.get('trigger_id') or action.get('action_ts')}", conversation, place,
            payload=value if known else None, text=None if known else title, acts=acts,
        )  # fmt: skip

    def _read_command(self, event: Event) -> Arrival | None:
        user, text = str(event.get("user_id") or ""), str(event.get("text") or "").strip()
        if not text or not _USER.fullmatch(user):
            return None
        conversation = f"slack-{event.get('team_id') or NO_TEAM}-{user}"
        return Arrival(
            f"command-{event.get('trigger_id')}", conversation, Place(user), text=plain_words(text)
        )

    # Going out --------------------------------------------------------------------------------

    def label(self) -> str:
        """Return the channel's name."""
        return self.name()

    def output(self, reception: Reception, arrival: Arrival | None) -> PlatformOutput:
        """Return the output for a turn."""
        return SlackOutput(reception, arrival)

    def place_of(self, conversation: str) -> Place:
        """Return where a conversation takes place; Undelivered when the id is not one of Slack's."""
        match = _CONVERSATION.fullmatch(conversation)
        if not match:
            raise Undelivered("not_a_slack_conversation")
        _, user, channel, seconds, fraction = match.groups()
        return Place(channel, f"{seconds}.{fraction}") if channel else Place(user)

    def typing(self, place: Any) -> AbstractAsyncContextManager[None]:
        """Slack has no sign of typing for bots of this kind: show nothing."""
        return nullcontext()

    async def post(self, place: Place, message: Message, heading: bool) -> None:
        """Send one message as one or more posts."""
        for post in renderer.render(message, heading):
            arguments = {"channel": place.channel, **post}
            if place.thread:
                arguments["thread_ts"] = place.thread
            if place.only_for:
                await self._call("chat_postEphemeral", user=place.only_for, **arguments)
            else:
                await self._call("chat_postMessage", unfurl_links=False, unfurl_media=False, **arguments)

    async def _close_button(self, channel: str, message: Event, action: Event, title: str) -> None:
        """Take the tapped button away and say what was chosen, so that nobody taps twice."""
        chosen = note("chosen", title=renderer.escape(title))
        blocks = renderer.without_button(list(message["blocks"]), str(action.get("action_id")), chosen)
        text = str(message.get("text") or title)
        await self._call("chat_update", channel=channel, ts=str(message.get("ts")), text=text, blocks=blocks)

    async def _show_home(self, user: str) -> None:
        """Publish the home page: the greeting and the topics."""
        library = Library.default()
        topics = tuple(
            Button(answer.title, f"/{answer.key}")
            for key in wording()["home"]
            if (answer := library.answer(key))
        )
        greeting = "\n\n".join(renderer.render_block(block) for block in read(say("utter_welcome")))
        blocks = [renderer.section(greeting), *renderer.buttons(topics)]
        await self._call("views_publish", user_id=user, view={"type": "home", "blocks": blocks})

    async def _call(self, method: str, **arguments: Any) -> None:
        """Call the Web API; a refusal becomes Undelivered with Slack's own error code."""
        assert self._client is not None, "the client is made when the server starts"
        try:
            await getattr(self._client, method)(**arguments)
        except SlackApiError as error:
            code = str(error.response.get("error") if isinstance(error.response.data, dict) else "not_json")
            temporary = code in TEMPORARY or error.response.status_code >= 500
            raise Undelivered(f"{method}: {code}", temporary) from None
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Undelivered(f"{method}: {type(error).__name__}", temporary=True) from None

    # Life --------------------------------------------------------------------------------

    def _running(self) -> Reception:
        assert self._reception is not None, "blueprint() makes the reception before any event can come"
        return self._reception

    async def _start(self) -> None:
        """Open one connection pool for all calls, take up what waits, and connect Socket Mode if used."""
        self._client = AsyncWebClient(
            self._settings.bot_token,
            base_url=self._settings.api_base,
            session=aiohttp.ClientSession(trust_env=True),
            timeout=15,
            retry_handlers=[
                AsyncRateLimitErrorRetryHandler(max_retry_count=RETRIES),
                AsyncServerErrorRetryHandler(max_retry_count=RETRIES),
                AsyncConnectionErrorRetryHandler(max_retry_count=RETRIES),
            ],
        )
        self._running().resume()
        if self._settings.app_token:
            self._running().background(self._connect_socket)

    async def _connect_socket(self) -> None:
        """Connect Socket Mode."""
        web = AsyncWebClient(self._settings.app_token, base_url=self._settings.api_base)
        self._socket = SocketModeClient(self._settings.app_token, web_client=web)
        self._socket.socket_mode_request_listeners.append(self._on_socket)
        await self._socket.connect()

    async def _on_socket(self, client: Any, request: SocketModeRequest) -> None:
        """Accept one envelope and acknowledge it; without the acknowledgement Slack delivers again."""
        kinds = {"events_api": "event", "interactive": "tap", "slash_commands": "command"}
        kind = kinds.get(request.type)
        try:
            reply = self._accept(kind, dict(request.payload)) if kind else {}
        except Overloaded:
            return
        await client.send_socket_mode_response(SocketModeResponse(request.envelope_id, payload=reply or None))


def parse_body(body: bytes, content_type: str) -> tuple[str, Event]:
    """Return the kind of a request (event, tap, command) and its content; ValueError when it is neither."""
    if content_type.partition(";")[0].strip().lower() == "application/json":
        kind, data = "event", json.loads(body)
    else:
        form = {key: values[0] for key, values in parse_qs(body.decode(), keep_blank_values=True).items()}
        kind, data = ("tap", json.loads(form["payload"])) if "payload" in form else ("command", form)
    if not isinstance(data, dict):
        raise ValueError(f"expected an object, found {type(data).__name__}")
    return kind, data


def plain_words(text: str) -> str:
    """Return what a person wrote, without Slack's references: links by their words, mentions left out."""

    def words(match: re.Match[str]) -> str:
        target, label = match.groups()
        if target.startswith(("@", "!")):
            return ""
        return str(label or target.removeprefix("mailto:").removeprefix("tel:").removeprefix("#"))

    return html.unescape(_REFERENCE.sub(words, text)).strip()


def _edited(inner: Event) -> Event | None:
    """Return the new version of an edited message; None when only Slack's preview of a link changed.

    An edit is answered like a new question: somebody may have added that they are in danger.
    """
    message, before = inner.get("message") or {}, inner.get("previous_message") or {}
    changed = "edited" in message and message.get("text") != before.get("text")
    return message if changed else None
