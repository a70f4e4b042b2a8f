"""Traces of a real bot at a real collector: what they say, and what they never say."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from hair_answers.operations import tracing
from hair_answers.operations.health import TRACES
from hair_answers.operations.ports import free_port
from hair_answers.operations.safety_log import VARIABLE

CRISIS = "my name is Zebedee Quuxley and i want to kill myself"


class Collector(ThreadingHTTPServer):
    """Takes OTLP over HTTP and keeps every span with the bytes it came in."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.raw = b""
        self.spans: list[Any] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def turns(self) -> list[Any]:
        """The spans of people's turns, the oldest first."""
        turns = [s for s in self.spans if s.name == "turn" and told(s)["channel"] != "health"]
        return sorted(turns, key=lambda span: span.start_time_unix_nano)

    def within(self, turn: Any) -> set[str]:
        """The names of a turn's stages."""
        return {s.name for s in self.spans if s.trace_id == turn.trace_id and s.parent_span_id}


class _Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert self.path == "/v1/traces"
        request = ExportTraceServiceRequest.FromString(body)
        self.server.raw += body
        for resource in request.resource_spans:
            self.server.spans += [span for scope in resource.scope_spans for span in scope.spans]
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


def told(span: Any) -> dict[str, Any]:
    """A span's own attributes."""
    values = {}
    for attribute in span.attributes:
        value = attribute.value
        values[attribute.key.removeprefix("hair_answers.")] = value.string_value or [
            row.string_value for row in value.array_value.values
        ]
    return values


@pytest.fixture
def collector() -> Iterator[Collector]:
    server = Collector()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.mark.server
def test_every_turn_is_traced_by_stage_without_a_text_or_an_id(
    collector: Collector, new_bot: Callable[..., Any], tmp_path: Path
) -> None:
    safety = f"sqlite:///{tmp_path / 'safety.db'}"
    traced_bot = new_bot(tmp_path / "log", **{TRACES: collector.url, VARIABLE: safety})
    sender = f"zq-{uuid.uuid4().hex}"
    traced_bot.ask("what is prp", sender)
    traced_bot.ask(CRISIS, sender)
    traced_bot.ask("talk to a person", sender)
    assert traced_bot.stop() == 0  # the last spans are sent at the stop
    plain, crisis, action = collector.turns()[-3:]
    said = told(plain)
    assert (said["channel"], said["decision"], said["answers"]) == ("rest", "answer", ["alternatives/prp"])
    assert "safety_tier" not in said
    assert told(crisis)["safety_tier"] == "0"
    assert told(crisis)["answers"] == ["safety/self_harm"]
    assert len(said["conversation"]) == 16 and said["conversation"] == told(crisis)["conversation"]
    assert collector.within(plain) == {"understanding", "reading", "keeping"}
    assert collector.within(action) >= {"understanding", "reading", "keeping", "action"}
    for secret in (sender, "Zebedee", "Quuxley", "kill", "what is", "prp is", "Traceback"):
        assert secret.encode() not in collector.raw, secret
    assert b"hair-answers" in collector.raw


class Agent:
    """Stands in for Rasa's: answers, or fails with words that nobody may read."""

    action_endpoint = None

    def __init__(self) -> None:
        self.processor = SimpleNamespace(parse_message=self._nothing)
        self.tracker_store = SimpleNamespace(retrieve=self._nothing, save=self._nothing, on_turn=None)

    async def _nothing(self, *_: object) -> None: ...

    async def handle_message(self, message: Any) -> str:
        await self.processor.parse_message(message)
        if message.text == "fail":
            raise ValueError("zebra")
        return "answered"


def message(text: str) -> Any:
    return SimpleNamespace(text=text, input_channel="rest", sender_id="s-1")


async def test_a_collector_that_is_away_costs_nobody_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TRACES, f"http://127.0.0.1:{free_port()}")
    agent = Agent()
    send = tracing.watch(agent, agent.tracker_store)
    await agent.handle_message(message("the first needs the key of the pseudonyms"))
    started = time.monotonic()
    assert await agent.handle_message(message("hello")) == "answered"
    assert time.monotonic() - started < 1
    send()
    assert time.monotonic() - started < 2 * tracing.LAST_WORDS_MS / 1000


async def test_a_failed_turn_says_which_fault_but_not_its_words(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TRACES, collector.url)
    agent = Agent()
    send = tracing.watch(agent, agent.tracker_store)
    await agent.processor.parse_message(message("a probe, no turn"))
    with pytest.raises(ValueError, match="zebra"):
        await agent.handle_message(message("fail"))
    assert send()
    (turn,) = collector.turns()
    assert turn.status.message == "ValueError" and collector.within(turn) == {"understanding"}
    assert len(collector.spans) == 2
    assert b"zebra" not in collector.raw and b"fail" not in collector.raw


def test_without_an_address_nothing_of_it_is_imported() -> None:
    script = (
        "import sys; import hair_answers.operations.health, hair_answers.operations.metrics; "
        "print(sorted(name for name in sys.modules if name.startswith('opentelemetry')))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
