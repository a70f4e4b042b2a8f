"""Telegram's Bot API as far as this bot meets it, its deliveries included. Shapes: core.telegram.org/bots/api."""

from __future__ import annotations

import asyncio
import itertools
import re
import time
from collections import defaultdict, deque
from typing import Any

import aiohttp
from aiohttp import web

from .limits import TelegramRefusal, check_telegram_keyboard, check_telegram_post
from .loopback import Loopback

TOKEN = "123456789:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc"
SECRET = "secret_token_of_the_webhook_0123"
BOT = {"id": 123456789, "is_bot": True, "first_name": "Clinic", "username": "clinic_bot"}
BURST, PER_SECONDS = 4, 1.0  # about one message a second and chat, short bursts allowed
Answer = tuple[int, dict[str, Any]]


class TelegramStandIn(Loopback):
    """The Bot API of one bot; `posts` is what people see, in the order in which it was taken."""

    def __init__(self) -> None:
        super().__init__()
        self.posts: list[dict[str, Any]] = []
        self.calls: list[dict[str, Any]] = []
        self.faults: dict[str, deque[Answer]] = defaultdict(deque)
        self.blocked: set[int] = set()  # chats whose person has blocked the bot
        self.webhook: dict[str, Any] | None = None
        self.silent = False  # takes calls and does not answer
        self._times: dict[int, deque[float]] = defaultdict(deque)
        self._numbers = itertools.count(1)
        self._updates: list[dict[str, Any]] = []  # for getUpdates
        self._taps: set[str] = set()

    def app(self) -> web.Application:
        app = web.Application()
        app.add_routes([web.post("/bot{token}/{method}", self._api)])
        return app

    async def _api(self, request: web.Request) -> web.Response:
        method, data = request.match_info["method"], await request.json()
        self.calls.append({"method": method, "time": time.monotonic(), **data})
        while self.silent:
            await asyncio.sleep(0.1)
        if request.match_info["token"] != TOKEN:
            return failed(401, "Unauthorized")
        if self.faults[method]:
            status, body = self.faults[method].popleft()
            return web.json_response(body, status=status)
        handler = getattr(self, f"_{method}", None)
        if handler is None:
            return failed(404, "Not Found: method not found")
        try:
            result = handler(data)
            result = await result if asyncio.iscoroutine(result) else result
        except TelegramRefusal as refusal:
            self.calls[-1]["refused"] = str(refusal)
            return failed(400, str(refusal))
        return (
            result if isinstance(result, web.Response) else web.json_response({"ok": True, "result": result})
        )

    def _getMe(self, _: dict[str, Any]) -> dict[str, Any]:
        return BOT

    def _setMyCommands(self, data: dict[str, Any]) -> bool:
        for row in data["commands"]:
            if not re.fullmatch(r"[a-z0-9_]{1,32}", row["command"]):
                raise TelegramRefusal("Bad Request: BOT_COMMAND_INVALID")
            if not 1 <= len(row["description"]) <= 256:
                raise TelegramRefusal("Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")
        return True

    def _setWebhook(self, data: dict[str, Any]) -> bool:
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", data.get("secret_token", "")):
            raise TelegramRefusal("Bad Request: secret token contains unallowed characters")
        self.webhook = data
        return True

    def _deleteWebhook(self, _: dict[str, Any]) -> bool:
        self.webhook = None
        return True

    async def _getUpdates(self, data: dict[str, Any]) -> Any:
        if self.webhook:
            return failed(409, "Conflict: can't use getUpdates method while webhook is active")
        self._updates = [u for u in self._updates if u["update_id"] >= data.get("offset", 0)]
        deadline = time.monotonic() + min(data.get("timeout", 0), 2)
        while not self._updates and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        return self._updates[:100]

    def _sendMessage(self, data: dict[str, Any]) -> Any:
        chat = int(data["chat_id"])
        check_telegram_post(data)
        if chat in self.blocked:
            return failed(403, "Forbidden: bot was blocked by the user")
        times, now = self._times[chat], time.monotonic()
        while times and now - times[0] > PER_SECONDS:
            times.popleft()
        if len(times) >= BURST:
            return failed(429, "Too Many Requests: retry after 1", {"retry_after": 1})
        times.append(now)
        post = {**data, "message_id": next(self._numbers), "time": now}
        self.posts.append(post)
        return {"message_id": post["message_id"], "date": int(time.time()), "chat": {"id": chat}}

    def _sendChatAction(self, data: dict[str, Any]) -> bool:
        if data["action"] != "typing":
            raise TelegramRefusal("Bad Request: wrong parameter action in request")
        return True

    def _answerCallbackQuery(self, data: dict[str, Any]) -> bool:
        if data["callback_query_id"] not in self._taps:
            raise TelegramRefusal(
                "Bad Request: query is too old and response timeout expired or query ID is invalid"
            )
        self._taps.discard(data["callback_query_id"])
        return True

    def _editMessageReplyMarkup(self, data: dict[str, Any]) -> Any:
        post = next((p for p in self.posts if p["message_id"] == data["message_id"]), None)
        if post is None:
            raise TelegramRefusal("Bad Request: message to edit not found")
        check_telegram_keyboard(data["reply_markup"])
        if post.get("reply_markup") == data["reply_markup"]:
            raise TelegramRefusal("Bad Request: message is not modified")
        post["reply_markup"] = data["reply_markup"]
        return True

    # What people do

    def update(self, **content: Any) -> dict[str, Any]:
        return {"update_id": 10_000 + next(self._numbers), **content}

    def message(
        self, user: int, text: str | None = None, chat: dict[str, Any] | None = None, **more: Any
    ) -> dict[str, Any]:
        """The update of a message; in the person's private chat unless `chat` says otherwise."""
        body = {
            "message_id": next(self._numbers), "from": person(user), "date": int(time.time()),
            "chat": chat or {"id": user, "first_name": "Ann", "type": "private"}, **more,
        }  # fmt: skip
        if text is not None:
            body["text"] = text
            if text.startswith("/"):
                length = len(text.split()[0])
                body.setdefault("entities", [{"type": "bot_command", "offset": 0, "length": length}])
        return self.update(message=body)

    def tap(self, user: int, post: dict[str, Any], title: str) -> dict[str, Any]:
        """The update of a tap on the button with this title."""
        rows = post["reply_markup"]["inline_keyboard"]
        data = next(entry["callback_data"] for row in rows for entry in row if entry["text"] == title)
        tap = f"4382bfdwdsb323b2d9{next(self._numbers)}"
        self._taps.add(tap)
        message = {
            "message_id": post["message_id"], "from": BOT, "date": int(time.time()), "text": "…",
            "chat": {"id": post["chat_id"], "type": "private"}, "reply_markup": post["reply_markup"],
        }  # fmt: skip
        query = {"id": tap, "from": person(user), "message": message, "chat_instance": "1", "data": data}
        return self.update(callback_query=query)

    # Delivery

    async def send(self, update: Any, **headers: str) -> int:
        """Deliver once and return the bot's status."""
        assert self.webhook, "the bot has not set its webhook"
        given = {"X-Telegram-Bot-Api-Secret-Token": self.webhook["secret_token"], **headers}
        async with self.client.post(self.webhook["url"], json=update, headers=given) as reply:
            await reply.read()
            return reply.status

    async def deliver(self, update: dict[str, Any], seconds: float = 60) -> float:
        """Deliver as Telegram does, again and again until a 2xx; return the seconds of the one that was taken."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            started = time.monotonic()
            try:
                if 200 <= await asyncio.wait_for(self.send(update), 60) < 300:
                    return time.monotonic() - started
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.3)
        raise AssertionError("the update was never taken")

    def offer(self, update: dict[str, Any]) -> None:
        """Hold an update ready for getUpdates."""
        self._updates.append(update)

    def seen_in(self, chat: int) -> list[dict[str, Any]]:
        """The bot's posts in a chat."""
        return [post for post in self.posts if post["chat_id"] == chat]


def person(user: int) -> dict[str, Any]:
    return {"id": user, "is_bot": False, "first_name": "Ann", "language_code": "en"}


def failed(status: int, description: str, parameters: dict[str, Any] | None = None) -> web.Response:
    """An error in the Bot API's form."""
    body: dict[str, Any] = {"ok": False, "error_code": status, "description": description}
    return web.json_response({**body, "parameters": parameters} if parameters else body, status=status)
