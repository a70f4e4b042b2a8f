"""Slack as far as this bot meets it: Web API, signed deliveries with retries, Socket Mode.

Shapes: docs.slack.dev/apis/events-api, /reference/interaction-payloads, /interactivity/implementing-slash-commands.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections import defaultdict, deque
from typing import Any
from urllib.parse import urlencode

import aiohttp
from aiohttp import web
from slack_sdk.signature import SignatureVerifier

from .limits import SlackRefusal, check_slack_blocks, check_slack_post
from .loopback import Loopback

BOT_TOKEN = "xoxb-1111111111-2222222222-abcdefghijklmnop"
APP_TOKEN = "xapp-1-A0000000000-1111111111-abcdefghijklmnop"
SIGNING_SECRET = "8f742231b10e8888abcd99yyyzzz85a5".replace("y", "1").replace("z", "2")
TEAM = "T061EG9R6"
BURST, PER_SECONDS = 4, 1.0  # about one message a second and channel, short bursts allowed
Answer = tuple[int, dict[str, Any], dict[str, str]]


class SlackStandIn(Loopback):
    """One workspace; `posts` is what people see, in the order in which it was taken."""

    def __init__(self) -> None:
        super().__init__()
        self.posts: list[dict[str, Any]] = []
        self.calls: list[dict[str, Any]] = []
        self.faults: dict[str, deque[Answer]] = defaultdict(deque)  # answered before anything else
        self.delay = 0.0
        self.webhook = ""  # the bot's address
        self.acknowledged: list[dict[str, Any]] = []  # Socket Mode
        self._times: dict[str, deque[float]] = defaultdict(deque)
        self._numbers = itertools.count(1)
        self._socket: web.WebSocketResponse | None = None

    def app(self) -> web.Application:
        app = web.Application(client_max_size=2**22)
        app.add_routes([web.post("/api/{method}", self._api), web.get("/link", self._link)])
        app.add_routes([web.post("/services/{hook}", self._incoming)])
        return app

    # Incoming web hooks: docs.slack.dev/messaging/sending-messages-using-incoming-webhooks

    async def _incoming(self, request: web.Request) -> web.Response:
        notice = await request.json()
        self.calls.append({"method": "webhook", "time": time.monotonic(), **notice})
        if self.faults["webhook"]:
            status, body, headers = self.faults["webhook"].popleft()
            return web.json_response(body, status=status, headers=headers)
        if not notice.get("text"):
            return web.Response(status=400, text="no_text")
        self.posts.append(notice)
        return web.Response(text="ok")

    # Web API

    async def _api(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        if "json" in request.headers.get("content-type", ""):
            data = await request.json()
        else:
            data = dict(await request.post())
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        self.calls.append({"method": method, "time": time.monotonic(), **data})
        if self.delay:
            await asyncio.sleep(self.delay)
        if self.faults[method]:
            status, body, headers = self.faults[method].popleft()
            return web.json_response(body, status=status, headers=headers)
        if token != (APP_TOKEN if method == "apps.connections.open" else BOT_TOKEN):
            return web.json_response({"ok": False, "error": "invalid_auth"})
        handler = getattr(self, "_" + method.replace(".", "_"), None)
        if handler is None:
            return web.json_response({"ok": False, "error": "unknown_method"})
        try:
            answer: web.Response = handler(data)
        except SlackRefusal as refusal:
            self.calls[-1]["refused"] = str(refusal)
            meta = {"messages": [f"[ERROR] {fault}" for fault in refusal.messages]}
            return web.json_response({"ok": False, "error": refusal.error, "response_metadata": meta})
        return answer

    def _auth_test(self, _: dict[str, Any]) -> web.Response:
        return web.json_response({"ok": True, "user_id": "UBOT", "bot_id": "BBOT", "team_id": TEAM})

    def _chat_postMessage(self, data: dict[str, Any]) -> web.Response:
        check_slack_post(data)
        channel = self._channel(data["channel"])
        if (limited := self._limited(channel)) is not None:
            return limited
        return self._taken({**data, "channel": channel})

    def _chat_postEphemeral(self, data: dict[str, Any]) -> web.Response:
        check_slack_post(data)
        if not str(data.get("user", "")).startswith("U"):
            raise SlackRefusal("user_not_in_channel")
        return self._taken({**data, "only_for": data["user"]})

    def _chat_update(self, data: dict[str, Any]) -> web.Response:
        post = self.post(data.get("channel"), data.get("ts"))
        if post is None:
            raise SlackRefusal("message_not_found")
        check_slack_post(data)
        post["blocks"], post["updated"] = data.get("blocks"), True
        return web.json_response({"ok": True, "channel": data["channel"], "ts": data["ts"]})

    def _views_publish(self, data: dict[str, Any]) -> web.Response:
        view = data["view"] if isinstance(data["view"], dict) else json.loads(data["view"])
        check_slack_blocks(view["blocks"], 100)
        self.posts.append({"home": data["user_id"], "blocks": view["blocks"]})
        return web.json_response({"ok": True, "view": view})

    def _apps_connections_open(self, _: dict[str, Any]) -> web.Response:
        return web.json_response({"ok": True, "url": f"ws://127.0.0.1:{self.port}/link?ticket=1"})

    def _channel(self, channel: str) -> str:
        """A user's id stands for their direct messages with the bot."""
        if channel[:1] in ("U", "W"):
            return direct(channel)
        if channel[:1] not in ("C", "D", "G"):
            raise SlackRefusal("channel_not_found")
        return channel

    def _limited(self, channel: str) -> web.Response | None:
        times, now = self._times[channel], time.monotonic()
        while times and now - times[0] > PER_SECONDS:
            times.popleft()
        if len(times) < BURST:
            times.append(now)
            return None
        return web.json_response(
            {"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": "1"}
        )

    def _taken(self, data: dict[str, Any]) -> web.Response:
        ts = self.ts()
        blocks = [{"block_id": f"b{n}", **block} for n, block in enumerate(data.get("blocks") or [])]
        self.posts.append({**data, "blocks": blocks, "ts": ts, "time": time.monotonic()})
        return web.json_response({"ok": True, "channel": data["channel"], "ts": ts, "message": {}})

    # What people do

    def ts(self) -> str:
        return f"{int(time.time())}.{next(self._numbers):06d}"

    def event(self, **inner: Any) -> dict[str, Any]:
        """An Events API delivery."""
        ts = self.ts()
        return {
            "token": "XXYYZZ", "team_id": TEAM, "api_app_id": "AXXXXXXXXX", "type": "event_callback",
            "event": {"ts": ts, "event_ts": ts, **inner},
            "event_id": f"Ev{next(self._numbers):08d}", "event_time": int(time.time()),
            "authorizations": [{"team_id": TEAM, "user_id": "UBOT", "is_bot": True}],
        }  # fmt: skip

    def message(self, user: str, text: str, **more: Any) -> dict[str, Any]:
        """A direct message to the bot."""
        return self.event(
            type="message", channel=direct(user), channel_type="im", user=user, text=text, **more
        )

    def tap(self, user: str, post: dict[str, Any], action_id: str) -> dict[str, Any]:
        """A tap on a button of a post."""
        block, element = next(
            (block, element)
            for block in post["blocks"] if block["type"] == "actions"
            for element in block["elements"] if element["action_id"] == action_id
        )  # fmt: skip
        message = {
            "type": "message",
            "bot_id": "BBOT",
            "user": "UBOT",
            "text": post["text"],
            "ts": post["ts"],
        }
        if post.get("thread_ts"):
            message["thread_ts"] = post["thread_ts"]
        return {
            "type": "block_actions", "team": {"id": TEAM, "domain": "example"},
            "user": {"id": user, "username": "someone", "team_id": TEAM}, "api_app_id": "AXXXXXXXXX",
            "token": "XXYYZZ", "trigger_id": f"123.456.{next(self._numbers)}",
            "container": {"type": "message", "message_ts": post["ts"], "channel_id": post["channel"]},
            "channel": {"id": post["channel"], "name": "directmessage"},
            "message": {**message, "blocks": post["blocks"]},
            "actions": [{**element, "block_id": block["block_id"], "action_ts": self.ts()}],
        }  # fmt: skip

    def command(self, user: str, text: str) -> dict[str, str]:
        """The slash command /hair."""
        return {
            "token": "XXYYZZ", "team_id": TEAM, "team_domain": "example", "channel_id": "C111", "user_id": user,
            "channel_name": "general", "user_name": "someone", "command": "/hair", "text": text,
            "api_app_id": "AXXXXXXXXX", "response_url": f"{self.url}/response",
            "trigger_id": f"13345224609.738474920.{next(self._numbers)}",
        }  # fmt: skip

    # Delivery over the web, signed by the SDK's own verifier

    async def send(self, content: dict[str, Any], **headers: str) -> tuple[int, str]:
        """Deliver once and return the bot's status and body; events are JSON, taps and commands are forms."""
        if content.get("type") == "block_actions":
            body, kind = urlencode({"payload": json.dumps(content)}), "application/x-www-form-urlencoded"
        elif "command" in content:
            body, kind = urlencode(content), "application/x-www-form-urlencoded"
        else:
            body, kind = json.dumps(content), "application/json"
        stamp = str(int(time.time()))
        signature = SignatureVerifier(SIGNING_SECRET).generate_signature(timestamp=stamp, body=body) or ""
        signed = {"Content-Type": kind, "X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature}
        async with self.client.post(self.webhook, data=body.encode(), headers={**signed, **headers}) as reply:
            return reply.status, await reply.text()

    async def deliver(self, content: dict[str, Any], pace: float = 0.5) -> float:
        """Deliver as Slack does, up to four times until a 2xx within three seconds; return the seconds it took."""
        for attempt in range(4):
            more = (
                {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": "http_error"} if attempt else {}
            )
            started = time.monotonic()
            try:
                status, _ = await asyncio.wait_for(self.send(content, **more), 3)
            except (aiohttp.ClientError, asyncio.TimeoutError):
                status = 0
            if 200 <= status < 300:
                return time.monotonic() - started
            await asyncio.sleep(pace * 2**attempt)
        raise AssertionError("the event was given up after three retries")

    # Socket Mode

    async def _link(self, request: web.Request) -> web.WebSocketResponse:
        socket = self._socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json(
            {"type": "hello", "num_connections": 1, "connection_info": {"app_id": "AXXXXXXXXX"}}
        )
        async for message in socket:
            if message.type == aiohttp.WSMsgType.TEXT and message.data.startswith("{"):
                self.acknowledged.append(json.loads(message.data))
        return socket

    @property
    def linked(self) -> bool:
        return self._socket is not None and not self._socket.closed

    async def push(self, kind: str, payload: dict[str, Any]) -> str:
        """Send one envelope and return its id."""
        envelope = f"envelope-{next(self._numbers)}"
        assert self._socket is not None
        await self._socket.send_json(
            {"envelope_id": envelope, "type": kind, "payload": payload, "accepts_response_payload": True}
        )
        return envelope

    # What people see

    def seen_by(self, user: str) -> list[dict[str, Any]]:
        """The posts in a person's direct messages with the bot."""
        return [post for post in self.posts if post.get("channel") == direct(user)]

    def post(self, channel: Any, ts: Any) -> dict[str, Any] | None:
        return next((p for p in self.posts if p.get("channel") == channel and p.get("ts") == ts), None)


def direct(user: str) -> str:
    """The channel of a person's direct messages with the bot."""
    return f"D{user[1:]}"
