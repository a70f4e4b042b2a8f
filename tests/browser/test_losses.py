"""When things go wrong: no network, a server that dies, blocked websockets, too many questions at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.chat_page import Chat
from tests.browser.conftest import StandIn


@pytest.fixture
def mortal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    """A stand-in of its own, for tests that stop it."""
    server = StandIn(tmp_path_factory.mktemp("mortal")).start()
    yield server
    server.stop()


def test_what_is_typed_offline_goes_out_once_when_back(scripted: Chat) -> None:
    scripted.visit().open()
    scripted.ask("one")
    scripted.page.context.set_offline(True)
    expect(scripted.status).to_contain_text("offline")
    scripted.say("two")
    scripted.say("three")
    expect(scripted.mine.last).to_contain_text("Waiting for a connection")
    expect(scripted.mine).to_have_count(3)
    scripted.page.context.set_offline(False)
    expect(scripted.bot).to_have_count(4)
    expect(scripted.status).to_be_empty()
    assert [m.split("\n")[-1] for m in scripted.bot.locator(".words").all_inner_texts()[2:]] == [
        "You asked: two",
        "You asked: three",
    ], "in order"
    scripted.page.wait_for_timeout(500)
    expect(scripted.bot).to_have_count(4)


def test_what_is_typed_offline_survives_a_reload(scripted: Chat) -> None:
    scripted.visit().open()
    scripted.page.evaluate("sessionStorage.marker = 1")
    scripted.page.context.set_offline(True)
    expect(scripted.status).to_contain_text("offline")
    scripted.say("kept")
    scripted.page.context.set_offline(False)
    scripted.page.reload()
    expect(scripted.bot.last.locator(".words")).to_have_text("You asked: kept")
    expect(scripted.mine).to_have_count(1)


def test_an_answer_that_comes_while_the_line_is_down_is_delivered_later(scripted: Chat) -> None:
    scripted.visit().open()
    scripted.say("slow 1.5")
    scripted.page.wait_for_timeout(300)
    scripted.page.reload()  # the first line is gone before the answer comes
    expect(scripted.bot).to_have_count(2)
    expect(scripted.mine.last).to_have_class("message user sent")
    scripted.page.wait_for_timeout(500)
    expect(scripted.bot).to_have_count(2)


def test_a_server_restart_in_mid_conversation_loses_nothing(
    contexts: Callable[..., BrowserContext], mortal: StandIn
) -> None:
    chat = Chat(contexts().new_page(), mortal.url).visit().open()
    chat.ask("before")
    token = chat.page.evaluate("JSON.parse(sessionStorage['hair-answers:chat']).token")
    mortal.stop()
    expect(chat.status).to_contain_text("Connection lost")
    chat.say("meanwhile")
    mortal.start()
    expect(chat.last.locator(".words")).to_have_text("You asked: meanwhile")
    expect(chat.status).to_be_empty()
    expect(chat.mine).to_have_count(2)
    assert (
        chat.page.evaluate("JSON.parse(sessionStorage['hair-answers:chat']).token").split(".")[0]
        == token.split(".")[0]
    )
    answer = chat.tap(chat.bot.first.locator(".chips button").first)
    expect(answer.locator("h3")).to_have_text("Alopecia areata")  # a chip from before the restart still works


def test_too_many_questions_are_told_and_none_is_lost(
    contexts: Callable[..., BrowserContext], tmp_path_factory: pytest.TempPathFactory
) -> None:
    server = StandIn(tmp_path_factory.mktemp("strict"), "messages=2", "per_seconds=3").start()
    try:
        chat = Chat(contexts().new_page(), server.url).visit().open()
        for word in ("one", "two", "three"):
            chat.say(word)
        failed = chat.mine.filter(has_text="three")
        expect(failed).to_contain_text("Please wait 3 seconds")
        chat.page.wait_for_timeout(3200)
        failed.get_by_role("button", name="Try again").click()
        expect(chat.last.locator(".words")).to_have_text("You asked: three")
        expect(chat.bot).to_have_count(4)
    finally:
        server.stop()


def test_a_turn_that_fails_is_said_and_not_silent(scripted: Chat) -> None:
    scripted.visit().open()
    answer = scripted.ask("fail")
    expect(answer).to_contain_text("went wrong")


@pytest.mark.parametrize(
    "block",
    [
        "WebSocket = class { constructor() { setTimeout(() => this.onerror(new Event('error'))) } close() {} }",
        "WebSocket = class { close() {} }",
    ],
    ids=["refused", "swallowed"],
)
def test_http_carries_the_chat_where_websockets_are_blocked(scripted: Chat, block: str) -> None:
    scripted.page.add_init_script(block)
    asked: list[str] = []
    scripted.page.on("request", lambda request: asked.append(request.url))
    scripted.visit().open()
    scripted.ask("by polling")
    assert any("transport=polling" in address for address in asked)


def test_a_websocket_carries_the_chat_otherwise(scripted: Chat) -> None:
    sockets: list[str] = []
    scripted.page.on("websocket", lambda socket: sockets.append(socket.url))
    asked: list[str] = []
    scripted.page.on("request", lambda request: asked.append(request.url))
    scripted.visit().open()
    scripted.ask("by websocket")
    assert len(sockets) == 1 and not any("transport=polling" in address for address in asked)
    assert scripted.faults == []


def test_a_tab_opened_from_the_chat_shows_the_same_conversation(scripted: Chat, stand_in: StandIn) -> None:
    scripted.visit().open()
    scripted.ask("first")
    with scripted.page.expect_popup() as popup:
        scripted.page.evaluate("window.open(location.href)")  # a browser copies sessionStorage to such a tab
    twin = Chat(popup.value, stand_in.url)
    expect(twin.bot).to_have_count(2)
    scripted.ask("second")
    expect(twin.mine.last.locator(".words")).to_have_text("second")
    expect(twin.last.locator(".words")).to_have_text("You asked: second")


def test_an_expired_session_is_said_and_a_new_one_begins(scripted: Chat) -> None:
    scripted.visit().open()
    scripted.ask("first")
    scripted.page.evaluate(
        "const kept = JSON.parse(sessionStorage['hair-answers:chat']);"
        "kept.token = kept.token.replace(/\\.\\d+\\./, '.1600000000.');"
        "sessionStorage['hair-answers:chat'] = JSON.stringify(kept)"
    )
    scripted.page.reload()
    expect(scripted.page.locator("hair-answers-chat .note")).to_contain_text("earlier chat has ended")
    scripted.ask("second")
    chip = scripted.bot.first.locator(".chips button").first
    scripted.page.wait_for_timeout(100)
    chip.click()
    expect(scripted.mine.last).to_contain_text("no longer works")  # offered in another conversation


def test_messages_keep_their_fate_when_storage_is_forbidden(scripted: Chat) -> None:
    scripted.page.add_init_script(
        "Object.defineProperty(window, 'sessionStorage',"
        "{get() { throw new DOMException('forbidden', 'SecurityError') }})"
    )
    scripted.visit().open()
    scripted.ask("still works")
    assert scripted.faults == []
