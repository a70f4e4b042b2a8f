"""The operator's side of the bot's port: /health/live, /health/ready, /metrics, headers, daily clean-up.

`credentials.yml`: `hair_answers.operations.health.HealthInput:` with the optional key `metrics_token`.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import os
import sys
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from rasa.core.channels.channel import CollectingOutputChannel, InputChannel, UserMessage
from sanic import Blueprint, Sanic, response
from sanic.request import Request
from sanic.response import BaseHTTPResponse, HTTPResponse

from hair_answers.knowledge.library import Library
from hair_answers.operations import metrics
from hair_answers.operations.insights_schedule import ScheduledInsights
from hair_answers.operations.open_api import LOOPBACK, refuse_open_api
from hair_answers.storage.retention import DailyPurge

logger = logging.getLogger(__name__)

LARGEST_BODY = 131_072  # bytes: Slack's longest event fits; Rasa's default lets 100 MB in
FRESH_SECONDS = 5.0  # a probe's result holds this long, so that probes cost nothing
PROBE_SECONDS = 10.0
PROBE = "hello"
TRACES = "OTEL_EXPORTER_OTLP_ENDPOINT"  # where traces go; unset, there are none
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "SAMEORIGIN",
    "Cache-Control": "no-store",
}


class OperationsBlueprint(Blueprint):
    """The blueprint that puts its addresses at the top, where probes and Prometheus look for them."""

    def register(self, app: Sanic, options: dict[str, Any]) -> None:
        """Add the addresses, the limits and the headers to Rasa's app."""
        app.config.REQUEST_MAX_SIZE = LARGEST_BODY
        self.ctx.health.app = app
        for path, handler in self.ctx.routes.items():
            app.add_route(handler, path, name=f"operations{path.replace('/', '_')}")
        app.register_middleware(add_headers, "response")
        app.register_listener(self.ctx.health.begin, "after_server_start")
        app.register_listener(self.ctx.health.end, "before_server_stop")
        super().register(app, options)


async def add_headers(_: Request, answer: BaseHTTPResponse) -> None:
    """Add safe headers where a page has not set its own."""
    if answer is not None:  # a websocket leaves none
        own_policy = "content-security-policy" in answer.headers
        for name, value in HEADERS.items():
            # A page with its own policy says there who may frame it, and how long it may be kept.
            if name not in answer.headers and not (
                own_policy and name in ("X-Frame-Options", "Cache-Control")
            ):
                answer.headers[name] = value


class HealthInput(InputChannel):
    """Tells the truth about this process; takes no messages."""

    def __init__(self, metrics_token: str | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        """Without a token /metrics answers this machine only."""
        self.metrics_token = metrics_token or ""
        self.app: Any = None
        self._clock = clock
        self._answered = False
        self._latest: tuple[float, dict[str, Any]] = (float("-inf"), {})
        self._asking = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []
        self._send_traces: Callable[[], object] | None = None

    @classmethod
    def name(cls) -> str:
        """Return the channel's name."""
        return "health"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> HealthInput:
        """Make it from its block of the credentials file; refuse an API that is open to the network."""
        refuse_open_api(sys.argv[1:])
        return cls((credentials or {}).get("metrics_token"))

    def blueprint(self, on_new_message: Callable[..., Any]) -> Blueprint:
        """Serve the probes and the metrics."""
        blueprint = OperationsBlueprint("operations", __name__)
        blueprint.ctx.health = self
        blueprint.ctx.routes = {
            "/health/live": self.live,
            "/health/ready": self.ready,
            "/metrics": self.metrics,
        }
        return blueprint

    async def begin(self, app: Sanic, loop: Any) -> None:
        """Measure the agent and clean up daily, once the server runs."""
        agent = getattr(app.ctx, "agent", None)
        if agent is None or not agent.is_ready():
            logger.error("No model is loaded. Cure: train one (`make train`) and start again.")
            return
        store = inner_store(agent.tracker_store)
        metrics.watch(agent, store)
        if os.environ.get(TRACES):
            from hair_answers.operations import tracing  # only who asks for traces pays for the import

            self._send_traces = tracing.watch(agent, store)
        logging.getLogger().addHandler(metrics.ErrorCounter())
        if engine := getattr(store, "engine", None):
            clinic = Library.default().clinic
            daily = DailyPurge(engine, clinic.retention_days)
            # Where several bots share a database a cron job writes the page: docs/deployment.md.
            alone = engine.dialect.name == "sqlite"
            pages = ScheduledInsights(clinic.insights_every_days) if alone else None
            self._tasks.append(asyncio.ensure_future(daily.run_forever(pages.run_if_due if pages else None)))

    async def end(self, app: Sanic, loop: Any) -> None:
        """Stop what `begin` started."""
        for task in self._tasks:
            task.cancel()
        if self._send_traces:
            await asyncio.get_running_loop().run_in_executor(None, self._send_traces)

    async def live(self, _: Request) -> HTTPResponse:
        """200 while the event loop turns: a process that hangs cannot say so."""
        return response.json({"status": "live"})

    async def ready(self, _: Request) -> HTTPResponse:
        """200 when a message would be answered; what is away but survivable is named under `degraded`."""
        async with self._asking:
            when, state = self._latest
            if self._clock() - when > FRESH_SECONDS:
                state = await self._look()
                self._latest = (self._clock(), state)
        return response.json(state, status=200 if state["status"] == "ready" else 503)

    async def metrics(self, request: Request) -> HTTPResponse:
        """The metrics, for who has the token or sits on this machine."""
        given = str(request.headers.get("authorization", ""))
        if self.metrics_token:
            allowed = hmac.compare_digest(given.encode(), f"Bearer {self.metrics_token}".encode())
        else:
            allowed = request.ip in LOOPBACK and "x-forwarded-for" not in request.headers
        if not allowed:
            return response.text("not found", status=404)
        return response.raw(metrics.page(), content_type="text/plain; version=0.0.4; charset=utf-8")

    async def _look(self) -> dict[str, Any]:
        agent = getattr(self.app.ctx, "agent", None)
        if agent is None or not agent.is_ready():
            return {"status": "not ready", "why": "no model is loaded"}
        try:
            await asyncio.wait_for(self._ask(agent), PROBE_SECONDS)
        except Exception as error:
            return {"status": "not ready", "why": f"a test message was not answered ({type(error).__name__})"}
        degraded = []
        if getattr(inner_store(agent.tracker_store), "is_away", False):
            degraded.append("database")
        if agent.action_endpoint and not await _reachable(agent.action_endpoint.url):
            degraded.append("action server")
        return {"status": "ready", "degraded": degraded}

    async def _ask(self, agent: Any) -> None:
        """The first time a whole turn, in a conversation erased again; later the understanding alone."""
        if self._answered:
            await agent.processor.parse_message(UserMessage(PROBE, sender_id="health"))
            return
        output = CollectingOutputChannel()
        sender = f"health-{id(self):x}"
        await agent.handle_message(UserMessage(PROBE, output, sender, input_channel=self.name()))
        if erase := getattr(inner_store(agent.tracker_store), "erase", None):
            await erase(sender)
        if not output.messages:
            raise LookupError("the bot said nothing")
        self._answered = True


def inner_store(store: Any) -> Any:
    """The store of the endpoints file inside the one that Rasa wraps around it."""
    return getattr(store, "_tracker_store", store)


async def _reachable(url: str) -> bool:
    parts = urlsplit(url)
    try:
        connection = asyncio.open_connection(parts.hostname, parts.port or 80)
        _, writer = await asyncio.wait_for(connection, 1.0)
    except (OSError, asyncio.TimeoutError):
        return False
    writer.close()
    return True
