"""Anything at all over the website's socket: every event is answered, and the line or the server never breaks."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.channels.website_line import connected
from tests.fuzz.effort import fuzzed, fuzzed_turns
from tests.fuzz.entry import SECONDS, Entry
from tests.fuzz.shapes import MARK, mutated, values

pytestmark = pytest.mark.services

SESSION = {
    "token": "a.1.b",
    "cursor": "c:1",
    "greet": True,
    "fresh": False,
    "page": {"page": "https://c.example/a"},
}
SAY = {
    "id": "m1",
    "kind": "text",
    "text": f"is {MARK} a cause",
    "ticket": "t",
    "label": "x",
    "page": {"title": "t"},
}
RATE = {"answer": "causes/stress", "rating": "down", "reason": "unclear"}
EVENTS = st.one_of(
    st.tuples(st.just("session"), st.one_of(mutated(SESSION), values)),
    st.tuples(st.just("say"), st.one_of(mutated(SAY), values)),
    st.tuples(
        st.sampled_from(("rate", "erase", "connect", "disconnect", "bot", "")),
        st.one_of(mutated(RATE), values),
    ),
)


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """One loop for all examples: the line stays open between them."""
    made = asyncio.new_event_loop()
    yield made
    made.close()


async def talk(address: str, transport: str, events: list[tuple[str, Any]]) -> None:
    """Send the events after a session of one's own; each that is to be acknowledged is."""
    async with connected(address, transport) as tab:
        await tab.call("session", {"fresh": True}, timeout=SECONDS)
        for name, data in events:
            if name in ("session", "say", "erase"):
                reply = await tab.call(name, data, timeout=SECONDS)
                assert isinstance(reply, dict) and set(reply) & {"ok", "error", "token"}, reply
            else:
                await tab.emit(name, data)
        assert await tab.call("say", {"id": "last", "text": "hello"}, timeout=SECONDS) == {"ok": True}


@fuzzed_turns
@given(events=st.lists(EVENTS, max_size=5), transport=st.sampled_from(("websocket", "polling")))
def test_events(
    bot: Entry, loop: asyncio.AbstractEventLoop, events: list[tuple[str, Any]], transport: str
) -> None:
    loop.run_until_complete(talk(bot.url, transport, events))


@fuzzed_turns
@given(packets=st.lists(st.one_of(st.text(max_size=60), st.binary(max_size=60)), max_size=4))
def test_packets_of_the_websocket(
    bot: Entry, loop: asyncio.AbstractEventLoop, packets: list[str | bytes]
) -> None:
    async def send() -> None:
        async with connected(bot.url, "websocket") as tab:
            with contextlib.suppress(
                aiohttp.ClientError
            ):  # a packet that is none may end the line, and no more
                for packet in packets:
                    await (tab.eio.ws.send_str if isinstance(packet, str) else tab.eio.ws.send_bytes)(packet)

    loop.run_until_complete(send())


@fuzzed
@given(lines=st.lists(st.binary(max_size=80), max_size=5))
def test_bytes_that_are_no_http(bot: Entry, lines: list[bytes]) -> None:
    with socket.create_connection(("127.0.0.1", bot.port), timeout=SECONDS) as line:
        line.sendall(b"POST /webhooks/rest/webhook HTTP/1.1\r\n" + b"\r\n".join(lines) + b"\r\n\r\n")
        line.shutdown(socket.SHUT_WR)
        said = line.recv(65_536)
    assert b"Traceback" not in said and not said.startswith(b"HTTP/1.1 5"), said
