"""The website's input and output channel: socket.io on Rasa's own port, under /chat/."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint, Sanic, response
from sanic.request import Request
from sanic.response import HTTPResponse
from socketio import AsyncServer

from hair_answers.channels.intake import (
    LONGEST,
    IntakeError,
    OnNewMessage,
    RateLimiter,
    SpokenOutput,
    clean_text,
    take_turn,
)
from hair_answers.channels.website.feedback import keep_opinion, read_opinion
from hair_answers.channels.website.memory import Memory
from hair_answers.channels.website.pages import load_page
from hair_answers.channels.website.sessions import Sessions, load_secret
from hair_answers.channels.website.websocket import use_websockets

logger = logging.getLogger(__name__)

PATH = "/chat"
PAGES = {"/": "index.html", "/page.css": "page.css", "/widget.js": "widget.js"}
GREETING = "/small_talk/greet"
LARGEST_PACKET = 20_000  # bytes
SLOW = 60  # packets waiting for one browser before it is told to go and come back
WAITING = 100  # turns under way in this process before newcomers are asked to try later
TYPING_AFTER = 0.2  # seconds: a quick answer needs no "is typing"
_MESSAGE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ORIGIN = re.compile(r"https?://[^/\s*?#]+")
_PAGE_LIMITS = {"page": 300, "title": 120, "lang": 35}  # characters

Reply = dict[str, Any]


class WebsiteOutput(SpokenOutput):
    """Sends each bot message whole: text, buttons with the tickets that let them pass, metadata."""

    def __init__(self, sio: AsyncServer, sessions: Sessions, memory: Memory) -> None:
        """Speak through `sio`; `memory` keeps what a browser that is away will miss."""
        self._sio, self._sessions, self._memory = sio, sessions, memory

    @classmethod
    def name(cls) -> str:
        """Return the channel's name."""
        return "website"

    async def send_text_message(self, recipient_id: str, text: str, **_: Any) -> None:
        """Send bare text, as Rasa does when something speaks without a turn."""
        await self.send_response(recipient_id, {"text": text})

    async def deliver(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Number the message, keep it, and hand it to every tab of the conversation."""
        metadata = dict(message.get("metadata") or {})
        if steps := metadata.get("steps"):
            payloads = [f"/{key}" for key in steps["keys"]]
            tickets = [self._sessions.ticket(recipient_id, payload) for payload in payloads]
            metadata["steps"] = {**steps, "payloads": payloads, "tickets": tickets}
        buttons = [
            {
                "title": button["title"],
                "payload": button["payload"],
                "ticket": self._sessions.ticket(recipient_id, button["payload"]),
            }
            for button in message.get("buttons") or ()
        ]
        sent = {"text": message.get("text") or "", "buttons": buttons, "metadata": metadata}
        await self._sio.emit("bot", self._memory.record(recipient_id, sent), room=recipient_id)


class ChatBlueprint(Blueprint):
    """The blueprint that also puts the chat's own addresses and its socket on the app."""

    def register(self, app: Sanic, options: dict[str, Any]) -> None:
        """Attach socket.io and the pages under /chat, beside Rasa's /webhooks."""
        self.ctx.sio.attach(app, f"{PATH.lstrip('/')}/socket.io")
        self.ctx.app = app

        async def to_page(_: Request) -> HTTPResponse:
            return response.redirect(f"{PATH}/", status=308)

        app.add_route(to_page, PATH, name="chat_redirect", strict_slashes=True)
        for address, page in self.ctx.pages.items():

            async def serve(request: Request, page: Any = page) -> HTTPResponse:
                return page.answer(request)

            app.add_route(serve, f"{PATH}{address}", name=f"chat{address}", strict_slashes=True)
        super().register(app, options)


class WebsiteInput(InputChannel):
    """Takes messages from the widget; keys of its credentials are the constructor's arguments."""

    def __init__(
        self,
        allowed_origins: Sequence[str] = (),
        session_hours: float = 24,
        messages: int = 8,
        per_seconds: float = 10,
        greeting: str | None = GREETING,
        secret: bytes | None = None,
    ) -> None:
        """Check the settings; `allowed_origins` are the sites that may embed the chat, besides this one."""
        self.allowed_origins = check_origins(allowed_origins)
        self.sessions = Sessions(secret or load_secret(), session_hours)
        self.memory = Memory()
        self.greeting = greeting
        self._messages = RateLimiter(messages, per_seconds)
        self._per_seconds = per_seconds
        self._small = RateLimiter(20, 60)  # session requests and opinions, by connection
        self._under_way = 0
        self.sio: AsyncServer | None = None
        self._ctx: Any = None

    @classmethod
    def name(cls) -> str:
        """Return the channel's name."""
        return "website"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> WebsiteInput:
        """Make the channel from its block in the credentials file; an unknown key stops the start."""
        try:
            return cls(**(credentials or {}))
        except TypeError as error:
            cure = "docs/widget.md lists the keys it may have."
            raise ValueError(f"Wrong website block in the credentials file: {error}. {cure}") from error

    def get_output_channel(self) -> WebsiteOutput | None:
        """Return an output for messages that start at the clinic (reminders, a person taking over)."""
        return WebsiteOutput(self.sio, self.sessions, self.memory) if self.sio else None

    def blueprint(self, on_new_message: OnNewMessage) -> Blueprint:
        """Serve the pages, and answer the browser's events: session, say, rate, erase."""
        sio = self.sio = AsyncServer(
            async_mode="sanic",
            cors_allowed_origins=self._may_connect,
            cors_credentials=False,
            max_http_buffer_size=LARGEST_PACKET,
        )
        use_websockets(sio)
        blueprint = ChatBlueprint("website_chat", __name__)
        blueprint.ctx.sio = sio
        blueprint.ctx.pages = {path: load_page(name, self.allowed_origins) for path, name in PAGES.items()}
        self._ctx = blueprint.ctx
        self._on_new_message = on_new_message

        @blueprint.route("/", methods=["GET"])
        async def health(_: Request) -> HTTPResponse:
            return response.json({"status": "ok"})

        sio.on("session", self._session)
        sio.on("say", self._say)
        sio.on("rate", self._rate)
        sio.on("erase", self._erase)
        return blueprint

    def _may_connect(self, origin: str, environ: dict[str, Any]) -> bool:
        """True for this server's own page and the allowed sites; asked for polling and websockets alike."""
        host = environ.get("HTTP_X_FORWARDED_HOST", environ.get("HTTP_HOST", "")).split(",")[0].strip()
        return origin in self.allowed_origins or urlsplit(origin).netloc == host

    # Events from the browser ------------------------------------------------------------------------------

    async def _session(self, sid: str, data: Any = None) -> Reply:
        """Resume the token's conversation or start one; then send what the browser missed, or a greeting."""
        asked = data if isinstance(data, dict) else {}
        if not self._small.allow(sid):
            return {"error": "rate_limited"}
        sio = self._server()
        known = None if asked.get("fresh") is True else self.sessions.resume(asked.get("token"))
        session = known or self.sessions.start()
        await self._leave(sid)
        await sio.save_session(sid, {"sender": session.sender_id})
        await sio.enter_room(sid, session.sender_id)
        if known:
            missed = self.memory.missed(session.sender_id, asked.get("cursor"))
            sio.start_background_task(self._repeat, sid, missed)
        elif asked.get("greet") is True:
            sio.start_background_task(self._greet, session.sender_id, asked.get("page"))
        return {"token": session.token, "fresh": known is None, "max": LONGEST}

    async def _leave(self, sid: str) -> None:
        """Take this connection out of the conversation it was in before."""
        if sender := await self._sender(sid):
            await self._server().leave_room(sid, sender)

    async def _repeat(self, sid: str, missed: Sequence[Reply]) -> None:
        for message in missed:
            await self._server().emit("bot", message, to=sid)

    async def _greet(self, sender: str, page: Any) -> None:
        if self.greeting and self._under_way < WAITING:
            await self._turn(sender, self.greeting, page)

    async def _say(self, sid: str, data: Any = None) -> Reply:
        """Answer one message; the same id again (a resend after a lost line) gets the first outcome."""
        sender = await self._sender(sid)
        if not sender:
            return {"error": "no_session"}
        if not isinstance(data, dict) or not _is_id(data.get("id")):
            return {"error": "internal"}
        conversation = self.memory.of(sender)
        turn = conversation.turns.get(data["id"])
        if turn is None:
            try:
                text = self._text(sender, data)
            except IntakeError as error:
                return {"error": error.code}
            if not self._messages.allow(sender):
                return {"error": "rate_limited", "retry_after": self._per_seconds}
            if self._under_way >= WAITING:
                return {"error": "busy"}
            await self._drop_slow(sender)
            await self._tell_other_tabs(sid, sender, data)
            turn = asyncio.ensure_future(self._turn(sender, text, data.get("page")))
            conversation.begin(data["id"], turn)
        return await asyncio.shield(turn)

    async def _rate(self, sid: str, data: Any = None) -> None:
        """Keep an opinion on an answer."""
        opinion = read_opinion(data)
        if opinion and await self._sender(sid) and self._small.allow(sid):
            await asyncio.get_running_loop().run_in_executor(None, keep_opinion, opinion)

    async def _erase(self, sid: str, _: Any = None) -> Reply:
        """Erase the conversation from memory and from the tracker store."""
        sender = await self._sender(sid)
        if not sender:
            return {"error": "no_session"}
        try:
            await self._erase_stored(sender)
        except Exception:
            logger.exception("A conversation could not be erased.")
            return {"error": "not_erased"}
        self.memory.forget(sender)
        return {"ok": True}

    # Helpers ----------------------------------------------------------------------------------------------

    def _server(self) -> AsyncServer:
        assert self.sio is not None, "blueprint() makes the server before any event can come"
        return self.sio

    async def _sender(self, sid: str) -> str | None:
        return (await self._server().get_session(sid)).get("sender")

    def _text(self, sender: str, data: dict[str, Any]) -> str:
        """The text for Rasa: typed text cleaned, or a button's payload with its ticket; else IntakeError."""
        text = data.get("text")
        if data.get("kind") != "button":
            return clean_text(text)
        if isinstance(text, str) and self.sessions.offered(sender, text, data.get("ticket")):
            return text
        raise IntakeError("not_offered", "this button was not offered in this conversation")

    async def _turn(self, sender: str, text: str, page: Any) -> Reply:
        """One turn of the conversation; the reply is the acknowledgement."""
        sio = self._server()
        output = WebsiteOutput(sio, self.sessions, self.memory)
        message = UserMessage(text, output, sender, input_channel=self.name(), metadata=page_context(page))
        typing = asyncio.ensure_future(self._typing(sender))
        self._under_way += 1
        try:
            await take_turn(self._on_new_message, message)
        finally:
            self._under_way -= 1
            typing.cancel()
            await sio.emit("typing", False, room=sender)
        return {"ok": True}

    async def _typing(self, sender: str) -> None:
        await asyncio.sleep(TYPING_AFTER)
        await self._server().emit("typing", True, room=sender)

    async def _tell_other_tabs(self, sid: str, sender: str, data: dict[str, Any]) -> None:
        label = data.get("label") if data.get("kind") == "button" else data.get("text")
        said = {"id": data["id"], "text": str(label or "")[:LONGEST]}
        await self._server().emit("user", said, room=sender, skip_sid=sid)

    async def _drop_slow(self, sender: str) -> None:
        """Disconnect tabs that stopped reading: their unread packets must not fill this server's memory."""
        sio = self._server()
        for _, connection in list(sio.manager.get_participants("/", sender)):
            socket = sio.eio.sockets.get(connection)
            if socket and socket.queue.qsize() > SLOW:
                logger.warning("A browser left %d packets unread and was disconnected.", socket.queue.qsize())
                # The server's own disconnect would wait until the browser has read everything.
                await socket.close(wait=False, abort=True)
                sio.eio.sockets.pop(connection, None)

    async def _erase_stored(self, sender: str) -> None:
        """Have the tracker store erase the conversation; LookupError when it cannot."""
        store = self._ctx.app.ctx.agent.tracker_store
        # Rasa wraps the store of endpoints.yml in one that survives its failures; erase the real one.
        for candidate in (store, getattr(store, "_tracker_store", None)):
            if erase := getattr(candidate, "erase", None):
                await erase(sender)
                return
        raise LookupError(f"{type(store).__name__} has no erase(); name a store that has in endpoints.yml")


def check_origins(origins: Sequence[str]) -> tuple[str, ...]:
    """The allowed sites as given; ValueError names the first that is not `https://host[:port]`."""
    for origin in origins:
        if not isinstance(origin, str) or not _ORIGIN.fullmatch(origin):
            raise ValueError(
                f"allowed_origins: {origin!r} is no origin. Write scheme and host alone, such as https://clinic.example"
            )
    return tuple(origins)


def page_context(page: Any) -> dict[str, str]:
    """The page facts let in: title, language, address without query and fragment (they may name a person)."""
    if not isinstance(page, dict):
        return {}
    facts = {key: page[key][:limit] for key, limit in _PAGE_LIMITS.items() if isinstance(page.get(key), str)}
    if "page" in facts:
        facts["page"] = re.split(r"[?#]", facts["page"], maxsplit=1)[0]
    return facts


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and _MESSAGE_ID.fullmatch(value) is not None
