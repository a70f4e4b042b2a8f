"""The website channel as a browser (or an attacker) meets it: real socket.io and HTTP against the stand-in bot."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import socketio

from hair_answers.channels.website.channel import WebsiteInput, check_origins, page_context
from hair_answers.channels.website.feedback import read_opinion
from hair_answers.channels.website.memory import CONVERSATIONS, MESSAGES, Memory
from tests.browser.conftest import StandIn

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    running = StandIn(tmp_path_factory.mktemp("website"), "messages=6", "per_seconds=2").start()
    yield running
    running.stop()


class Tab:
    """A browser tab without a browser."""

    def __init__(self, server: StandIn, **headers: str) -> None:
        self.client = socketio.Client(reconnection=False)
        self.heard: list[tuple[str, Any]] = []
        for event in ("bot", "user", "typing"):
            self.client.on(event, lambda data, event=event: self.heard.append((event, data)))
        self.client.connect(server.url, socketio_path="/chat/socket.io", headers=headers)

    def session(self, **asked: Any) -> dict[str, Any]:
        """Ask for a session."""
        return self.client.call("session", asked, timeout=5)

    def say(self, text: Any, identity: str = "m1", **more: Any) -> dict[str, Any]:
        """Say something and return the acknowledgement."""
        return self.client.call("say", {"id": identity, "kind": "text", "text": text, **more}, timeout=15)

    def leave(self) -> None:
        """Go without waiting for the pending long poll."""
        self.client.eio.disconnect(abort=True)

    def bot(self, count: int) -> list[dict[str, Any]]:
        """The bot's messages, once there are `count`."""
        for _ in range(100):
            said = [data for event, data in self.heard if event == "bot"]
            if len(said) >= count:
                return said
            self.client.sleep(0.05)
        raise AssertionError(f"{len(said)} of {count} messages came: {said}")


@pytest.fixture
def tab(server: StandIn) -> Iterator[Tab]:
    one = Tab(server)
    yield one
    one.leave()


def test_a_new_tab_gets_a_session_and_a_greeting(tab: Tab) -> None:
    reply = tab.session(greet=True)
    assert reply["fresh"] is True and reply["max"] == 500
    assert tab.bot(1)[0]["buttons"][0]["ticket"]


def test_nothing_is_answered_without_a_session(tab: Tab) -> None:
    assert tab.say("hello") == {"error": "no_session"}
    assert tab.client.call("erase", {}, timeout=5) == {"error": "no_session"}


@pytest.mark.parametrize("token", ["x", "a.b.c", None, 5, ["a"], {"a": 1}, "x" * 10_000])
def test_a_made_up_token_gets_a_conversation_of_its_own(tab: Tab, token: Any) -> None:
    assert tab.session(token=token)["fresh"] is True


def test_a_stolen_sender_id_opens_nothing(server: StandIn, tab: Tab) -> None:
    """The id that stands in logs and databases is no key."""
    tab.session()
    tab.say("private")
    identity = tab.client.call("session", {"token": "web-abc"}, timeout=5)
    assert identity["fresh"] is True
    assert len(tab.bot(1)) == 1


def test_missed_answers_come_after_a_reconnect_once(server: StandIn, tab: Tab) -> None:
    token = tab.session()["token"]
    tab.say("one", "a")
    tab.say("two", "b")
    cursor = tab.bot(2)[0]["cursor"]
    other = Tab(server)
    assert other.session(token=token, cursor=cursor)["fresh"] is False
    assert [message["text"] for message in other.bot(1)] == ["You asked: two"]
    other.leave()


def test_a_message_sent_twice_is_answered_once(tab: Tab) -> None:
    tab.session()
    assert tab.say("once", "same") == tab.say("once", "same") == {"ok": True}
    tab.client.sleep(0.3)
    assert len(tab.bot(1)) == 1


def test_another_tab_of_the_conversation_hears_both_sides(server: StandIn, tab: Tab) -> None:
    other = Tab(server)
    other.session(token=tab.session()["token"])
    tab.say("both hear this", "z")
    assert other.bot(1)[0]["text"] == "You asked: both hear this"
    assert ("user", {"id": "z", "text": "both hear this"}) in other.heard
    assert not [event for event, _ in tab.heard if event == "user"]
    other.leave()


@pytest.mark.parametrize(
    ("text", "error"),
    [("x" * 501, "too_long"), ("", "empty"), ("   ", "empty"), ("///", "empty"), ("\u200b", "empty"), (5, "not_text"),
     (None, "not_text"), ({"a": 1}, "not_text")],
)  # fmt: skip
def test_what_cannot_be_taken_is_named(tab: Tab, text: Any, error: str) -> None:
    tab.session()
    assert tab.say(text) == {"error": error}


@pytest.mark.parametrize("typed", ["/restart", " //restart", "/small_talk/greet", "\u200b/restart"])
def test_a_typed_slash_is_only_text(tab: Tab, typed: str) -> None:
    tab.session()
    assert tab.say(typed) == {"ok": True}
    assert tab.bot(1)[0]["text"] == f"You asked: {typed.strip().lstrip(chr(0x200B)).lstrip('/')}"


def test_only_offered_buttons_pass(server: StandIn, tab: Tab) -> None:
    tab.session(greet=True)
    button = tab.bot(1)[0]["buttons"][0]
    said = {"kind": "button", "ticket": button["ticket"]}
    assert tab.say(button["payload"], "b1", **said) == {"ok": True}
    assert tab.say("/restart", "b2", **said) == {"error": "not_offered"}
    assert tab.say('/restart{"a": "b"}', "b3", kind="button") == {"error": "not_offered"}
    other = Tab(server)
    other.session()
    assert other.say(button["payload"], "b4", **said) == {"error": "not_offered"}
    other.leave()


@pytest.mark.parametrize("identity", ["", "x" * 65, "a b", "../../x", None, 7, {"$ne": 1}])
def test_a_message_needs_a_plain_id(tab: Tab, identity: Any) -> None:
    tab.session()
    assert tab.say("hello", identity) == {"error": "internal"}


def test_too_many_at_once_are_told_when_to_come_back(tab: Tab) -> None:
    tab.session()
    replies = [tab.say("hello", f"n{n}") for n in range(8)]
    assert replies[:6] == [{"ok": True}] * 6
    assert replies[6:] == [{"error": "rate_limited", "retry_after": 2}] * 2
    tab.client.sleep(2.1)
    assert tab.say("hello", "n7") == {"ok": True}, "a refused message may come again under its id"


def test_strange_events_and_shapes_do_no_harm(server: StandIn, tab: Tab) -> None:
    tab.session()
    for data in ("text", [1], 5, None, {"id": 1}):
        assert "error" in tab.client.call("say", data, timeout=5)
        tab.client.emit("rate", data)
        assert tab.client.call("session", data, timeout=5)["fresh"] is True
    tab.client.emit("unheard_of", {"a": 1})
    assert tab.say("still here") == {"ok": True}


def test_a_huge_packet_ends_the_connection_not_the_server(server: StandIn) -> None:
    loud = Tab(server)
    loud.session()
    # Seconds: a server that hangs up may leave this request without a reply.
    loud.client.eio.request_timeout = 1
    loud.client.emit("say", {"id": "big", "kind": "text", "text": "x" * 100_000})
    for _ in range(60):
        if not loud.client.connected:
            break
        loud.client.sleep(0.05)
    assert not loud.client.connected
    quiet = Tab(server)
    quiet.session()
    assert quiet.say("hello") == {"ok": True}
    quiet.leave()


@pytest.mark.parametrize("transport", ["polling", "websocket"])
@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1.evil.example", "http://127.0.0.1"]
)
def test_a_foreign_origin_is_refused(server: StandIn, origin: str, transport: str) -> None:
    client = socketio.Client(reconnection=False)
    with pytest.raises(socketio.exceptions.ConnectionError):
        client.connect(
            server.url, socketio_path="/chat/socket.io", headers={"Origin": origin}, transports=[transport]
        )


def test_its_own_origin_is_let_in(server: StandIn) -> None:
    own = Tab(server, Origin=server.url)
    assert own.session()["fresh"] is True
    own.leave()


def test_the_page_goes_out_with_its_guards(server: StandIn) -> None:
    page = requests.get(f"{server.url}/chat/", timeout=5)
    assert page.status_code == 200 and page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "Set-Cookie" not in page.headers


def test_the_script_is_compressed_and_not_sent_twice(server: StandIn) -> None:
    address = f"{server.url}/chat/widget.js"
    first = requests.get(address, timeout=5)
    assert first.headers["Content-Encoding"] == "gzip" and int(first.headers["Content-Length"]) < 30_000
    assert requests.get(address, headers={"Accept-Encoding": "identity"}, timeout=5).text == first.text
    again = requests.get(address, headers={"If-None-Match": first.headers["ETag"]}, timeout=5)
    assert again.status_code == 304 and not again.content


def test_the_bare_address_leads_to_the_page(server: StandIn) -> None:
    assert requests.get(f"{server.url}/chat", timeout=5).url == f"{server.url}/chat/"


@pytest.mark.parametrize(
    "path",
    ["/chat/..%2f..%2fclinic.yml", "/chat/%2e%2e/%2e%2e/etc/passwd", "/chat/channel.py", "/chat/index.html"],
)
def test_nothing_else_is_served(server: StandIn, path: str) -> None:
    assert requests.get(server.url + path, timeout=5).status_code == 404


def test_a_wrong_setting_stops_the_start_with_its_name() -> None:
    with pytest.raises(ValueError, match=r"session_hour.*docs/widget.md"):
        WebsiteInput.from_credentials({"secret": b"s" * 32, "session_hour": 3})


@pytest.mark.parametrize(
    "origin", ["*", "clinic.example", "https://clinic.example/", "https://*.example", 5, ""]
)
def test_a_site_that_is_no_origin_is_refused(origin: Any) -> None:
    with pytest.raises(ValueError, match="is no origin"):
        check_origins([origin])


def test_page_facts_are_whitelisted_cut_and_without_the_query() -> None:
    facts = {
        "page": "https://c.example/a?name=Jane#b",
        "title": "t" * 500,
        "lang": "en",
        "cookie": "x",
        "__proto__": 1,
    }
    assert page_context(facts) == {"page": "https://c.example/a", "title": "t" * 120, "lang": "en"}
    assert page_context({"page": 5, "title": None}) == page_context("x") == page_context(None) == {}


@pytest.mark.parametrize(
    "data",
    [
        None,
        "up",
        {},
        {"answer": "causes/x"},
        {"answer": "causes/x", "rating": "meh"},
        {"answer": "X" * 9, "rating": "up"},
        {"answer": "a" * 300, "rating": "up"},
        {"answer": ["a"], "rating": "up"},
        {"answer": "causes/x\n", "rating": "up"},
    ],
)
def test_an_opinion_nobody_offered_is_dropped(data: Any) -> None:
    assert read_opinion(data) is None


def test_an_opinion_keeps_known_reasons_only() -> None:
    data = {"answer": "causes/x", "rating": "down", "reason": "my name is Jane", "text": "private"}
    assert read_opinion(data) == {"answer": "causes/x", "rating": "down"}
    assert read_opinion({**data, "reason": "wrong"}) == {
        "answer": "causes/x",
        "rating": "down",
        "reason": "wrong",
    }


def test_memory_is_bounded_and_forgets_on_request() -> None:
    memory = Memory()
    for number in range(MESSAGES + 5):
        memory.record("busy", {"text": str(number)})
    assert len(memory.missed("busy", None)) == MESSAGES
    memory.forget("busy")
    assert memory.missed("busy", None) == []
    first = memory.of("first")
    for number in range(CONVERSATIONS):
        memory.of(f"s{number}")
    assert memory.of("first") is not first


def test_a_cursor_of_another_conversation_hides_nothing() -> None:
    memory = Memory()
    theirs = memory.record("one", {"text": "a"})["cursor"]
    memory.record("two", {"text": "b"})
    assert [message["text"] for message in memory.missed("two", theirs)] == ["b"]


async def test_turns_are_forgotten_oldest_first() -> None:
    conversation = Memory().of("x")
    task = asyncio.ensure_future(asyncio.sleep(0, {}))
    for number in range(70):
        conversation.begin(f"m{number}", task)
    assert "m0" not in conversation.turns and "m69" in conversation.turns
    await task


def test_a_tab_that_stops_reading_is_let_go(tmp_path: Path) -> None:
    """A long-polling tab that never fetches what it was sent must not fill the server's memory."""
    server = StandIn(tmp_path, "messages=1000").start()
    try:
        talker = Tab(server)
        token = talker.session()["token"]
        address = f"{server.url}/chat/socket.io/?EIO=4&transport=polling"
        opened = requests.get(address, timeout=5).text
        lazy = f"{address}&sid={json.loads(opened[1:])['sid']}"
        requests.post(lazy, "40", timeout=5)
        requests.get(lazy, timeout=5)
        requests.post(lazy, "42" + json.dumps(["session", {"token": token}]), timeout=5)
        for number in range(40):
            assert talker.say("hello", f"s{number}") == {"ok": True}
        assert requests.post(lazy, "3", timeout=5).status_code == 400, "the lazy tab's connection is gone"
        talker.leave()
    finally:
        server.stop()
