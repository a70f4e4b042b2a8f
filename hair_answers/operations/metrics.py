"""What Prometheus reads at /metrics: counts and times, never a text, an id or anything a person wrote."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0)

MESSAGES = Counter(
    "hair_answers_messages", "Messages people sent", ["channel", "decision"], registry=REGISTRY
)
ANSWERS = Counter("hair_answers_answers", "Answers given, by key", ["answer"], registry=REGISTRY)
MISSES = Counter("hair_answers_misses", "Turns without an answer, by kind", ["kind"], registry=REGISTRY)
SAFETY = Counter("hair_answers_safety", "Safety answers given", ["tier", "rule"], registry=REGISTRY)
ERRORS = Counter("hair_answers_errors", "Errors logged, by part of the program", ["part"], registry=REGISTRY)
STAGE = Histogram(
    "hair_answers_stage_seconds", "Time of each stage", ["stage"], buckets=SECONDS, registry=REGISTRY
)
UNDER_WAY = Gauge("hair_answers_turns_under_way", "Turns being answered now", registry=REGISTRY)
WAITING = Gauge("hair_answers_waiting_events", "Events that wait for a store", ["store"], registry=REGISTRY)
UP = Gauge("hair_answers_store_up", "1 when the store answers, else 0", ["store"], registry=REGISTRY)

_DECISIONS = frozenset({"answer", "offer", "abstain"})


def page() -> bytes:
    """The page in Prometheus' text format."""
    return generate_latest(REGISTRY)


def count_turn(events: Iterable[dict[str, Any]]) -> None:
    """Count a turn's redacted events."""
    for event in events:
        if event.get("event") == "user":
            MESSAGES.labels(str(event.get("input_channel") or "unknown"), decision(event)).inc()
        elif event.get("event") == "bot":
            _count_answer(event)


def decision(event: dict[str, Any]) -> str:
    """What the matcher decided about a message: answer, offer, abstain, or other for a button."""
    found = (event.get("parse_data") or {}).get("decision")
    return str(found) if found in _DECISIONS else "other"


def answers(event: dict[str, Any]) -> list[str]:
    """The keys of what the bot said in one message."""
    found = _told(event).get("answer")
    return [key for key in (found if isinstance(found, list) else [found]) if isinstance(key, str)]


def safety(event: dict[str, Any]) -> dict[str, Any]:
    """Tier and rule of a safety answer; empty for any other."""
    return _told(event).get("safety") or {}


def _told(event: dict[str, Any]) -> dict[str, Any]:
    return (event.get("metadata") or {}).get("metadata") or {}


def _count_answer(event: dict[str, Any]) -> None:
    for key in answers(event):
        if key.startswith("fallback/"):
            MISSES.labels(key.removeprefix("fallback/")).inc()
        else:
            ANSWERS.labels(key).inc()
    if given := safety(event):
        SAFETY.labels(str(given.get("tier")), str(given.get("rule"))).inc()


def timed(stage: str, work: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """The same coroutine function, its time noted under `stage`."""
    clock = STAGE.labels(stage)

    @functools.wraps(work)
    async def measured(*args: Any, **kwargs: Any) -> Any:
        started = time.perf_counter()
        try:
            return await work(*args, **kwargs)
        finally:
            clock.observe(time.perf_counter() - started)

    return measured


def stages(agent: Any) -> Iterator[tuple[str, Any, str]]:
    """Where the stages of a turn are done: a stage, and the owner and name of its coroutine function."""
    yield "understanding", agent.processor, "parse_message"
    yield "reading", agent.tracker_store, "retrieve"
    yield "keeping", agent.tracker_store, "save"
    if agent.action_endpoint:
        yield "action", agent.action_endpoint, "request"


def watch(agent: Any, store: Any) -> None:
    """Measure an agent's turns by stage, and what waits for its stores."""
    handle = timed("turn", agent.handle_message)

    async def handle_message(*args: Any, **kwargs: Any) -> Any:
        with UNDER_WAY.track_inprogress():
            return await handle(*args, **kwargs)

    agent.handle_message = handle_message
    for stage, owner, name in stages(agent):
        setattr(owner, name, timed(stage, getattr(owner, name)))
    if hasattr(store, "on_turn"):
        store.on_turn = count_turn
        WAITING.labels("database").set_function(lambda: store.queue_depth)
        UP.labels("database").set_function(lambda: float(not store.is_away))
    broker: Any = getattr(store, "event_broker", None)
    if hasattr(broker, "queue_depth"):
        WAITING.labels("event broker").set_function(lambda: broker.queue_depth)


class ErrorCounter(logging.Handler):
    """Counts what is logged as an error by the first two parts of the logger's name."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)

    def emit(self, record: logging.LogRecord) -> None:
        """Count one record."""
        ERRORS.labels(".".join(record.name.split(".")[:2])).inc()
