"""Traces for OpenTelemetry: one span a turn, one a stage within it; keys and counts, never a text or an id.

Imported only when OTEL_EXPORTER_OTLP_ENDPOINT names a collector (OTLP over HTTP). The SDK's own variables hold as
well: OTEL_SERVICE_NAME, OTEL_EXPORTER_OTLP_HEADERS, OTEL_TRACES_SAMPLER and their like.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, Status, StatusCode, Tracer

from hair_answers.operations import metrics
from hair_answers.storage.pseudonym import pseudonym

SERVICE = "hair-answers"
LAST_WORDS_MS = 2_000  # what waits at the stop is sent in this time or lost: nobody waits for a collector

_turn: ContextVar[Span | None] = ContextVar("turn", default=None)


def watch(agent: Any, store: Any) -> Callable[[], bool]:
    """Trace an agent's turns; the result sends what waits."""
    resource = Resource.create({SERVICE_NAME: os.environ.get("OTEL_SERVICE_NAME") or SERVICE})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    tracer = provider.get_tracer(__name__)
    for stage, owner, name in metrics.stages(agent):
        setattr(owner, name, traced(tracer, stage, getattr(owner, name)))
    agent.handle_message = traced_turn(tracer, agent.handle_message)
    store.on_turn = both(store.on_turn, describe)
    return lambda: provider.force_flush(LAST_WORDS_MS)


def traced_turn(tracer: Tracer, handle: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """The same handler of messages, each in a span of its own that says where the message came from."""

    @functools.wraps(handle)
    async def spanned(message: Any, *args: Any, **kwargs: Any) -> Any:
        with opened(tracer, "turn") as span:
            span.set_attribute("hair_answers.channel", str(message.input_channel or "unknown"))
            span.set_attribute("hair_answers.conversation", pseudonym(str(message.sender_id)))
            before = _turn.set(span)
            try:
                return await handle(message, *args, **kwargs)
            finally:
                _turn.reset(before)

    return spanned


def traced(tracer: Tracer, stage: str, work: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """The same coroutine function, in a span when it works for a turn: probes and clean-ups are no turns."""

    @functools.wraps(work)
    async def spanned(*args: Any, **kwargs: Any) -> Any:
        if _turn.get() is None:
            return await work(*args, **kwargs)
        with opened(tracer, stage):
            return await work(*args, **kwargs)

    return spanned


@contextmanager
def opened(tracer: Tracer, name: str) -> Iterator[Span]:
    """A span that tells of a fault its class alone: an exception's own words may quote a message."""
    with tracer.start_as_current_span(name, record_exception=False, set_status_on_exception=False) as span:
        try:
            yield span
        except BaseException as error:
            span.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise


def describe(events: Iterable[dict[str, Any]]) -> None:
    """Write what came of a turn, read from its redacted events, on the turn's span."""
    span, said = _turn.get(), []
    if span is None:
        return
    for event in events:
        if event.get("event") == "user":
            span.set_attribute("hair_answers.decision", metrics.decision(event))
        elif event.get("event") == "bot":
            said += metrics.answers(event)
            if given := metrics.safety(event):
                span.set_attribute("hair_answers.safety_tier", str(given.get("tier")))
    span.set_attribute("hair_answers.answers", said)


def both(first: Callable[[Any], None] | None, second: Callable[[Any], None]) -> Callable[[Any], None]:
    """Tell two listeners."""

    def tell(events: Any) -> None:
        for listener in (first, second):
            if listener:
                listener(events)

    return tell
