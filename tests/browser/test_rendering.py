"""How answers look and behave: tables, drawings, helplines, opinions, long answers, other tongues and sizes."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import requests
from playwright.sync_api import BrowserContext, expect

from hair_answers.operations.feedback import Feedback
from tests.browser.chat_page import Chat
from tests.browser.conftest import DESKTOP, PHONE, StandIn


def test_a_table_is_a_table_with_sources_per_cell(scripted: Chat) -> None:
    answer = scripted.visit().open() and scripted.ask("table")
    table = answer.get_by_role("table")
    expect(table).to_be_visible()
    expect(table.get_by_role("columnheader")).to_have_text(["Stem-cell therapy", "Hair transplant"])
    expect(table.get_by_role("rowheader")).to_have_count(4)
    expect(table.get_by_role("cell").nth(1)).to_contain_text("[2]")
    rows = [row.bounding_box() for row in table.get_by_role("row").all()]
    assert all(row and row["height"] < 90 for row in rows), "on a wide screen it stands as a grid"
    assert scripted.overflow() == []


def test_a_table_folds_into_cards_on_a_phone(
    contexts: Callable[..., BrowserContext], stand_in: StandIn
) -> None:
    chat = Chat(contexts(**PHONE).new_page(), stand_in.url).visit().open()
    answer = chat.ask("table")
    expect(answer.get_by_role("table")).to_be_visible()
    expect(answer.get_by_role("rowheader")).to_have_count(4)
    expect(answer.locator("td .col").first).to_be_visible()
    first, second = (answer.locator("tbody tr").first.locator("td").nth(n).bounding_box() for n in (0, 1))
    assert first and second and second["y"] > first["y"], "cells stand under each other"
    assert chat.overflow() == []


def test_help_lines_can_be_called_and_texted(scripted: Chat) -> None:
    scripted.visit().open()
    answer = scripted.ask("safety")
    expect(answer).to_have_class("message bot safety tier-0")
    assert answer.locator("a.line").evaluate_all("a => a.map(x => x.getAttribute('href'))") == [
        "tel:988",
        "sms:741741",
        "https://findahelpline.com/",
    ]
    expect(answer.locator(".rate")).to_have_count(0)
    calm = answer.locator(".bubble").evaluate("e => getComputedStyle(e).backgroundColor")
    usual = scripted.bot.first.locator(".bubble").evaluate("e => getComputedStyle(e).backgroundColor")
    assert calm != usual


def test_an_opinion_reaches_the_clinic_without_the_persons_words(scripted: Chat, stand_in: StandIn) -> None:
    scripted.visit().open()
    answer = scripted.ask("my private question")
    answer.get_by_role("button", name="No, this did not help").click()
    answer.get_by_role("button", name="Hard to understand").click()
    expect(answer.locator(".rate")).to_contain_text("Thank you")
    store, waited = Feedback(f"sqlite:///{stand_in.state / 'feedback.db'}"), 0
    while not store.all() and (waited := waited + 1) < 50:
        scripted.page.wait_for_timeout(100)
    kept = store.all()[-1]
    assert (kept.answer, kept.rating, kept.reason) == ("causes/alopecia_areata", "down", "unclear")


def test_a_long_answer_is_shown_from_its_first_line(scripted: Chat) -> None:
    scripted.visit().open()
    scripted.ask("one more question")
    answer = scripted.ask("long")
    scripted.page.wait_for_timeout(200)
    top, window = answer.bounding_box(), scripted.page.locator("hair-answers-chat .log").bounding_box()
    assert top and window
    assert window["y"] <= top["y"] < window["y"] + 120


def test_reading_above_is_not_disturbed_by_a_new_answer(scripted: Chat) -> None:
    scripted.visit().open()
    scripted.ask("long")
    scripted.say("slow 1")
    scripted.page.wait_for_timeout(100)
    scripted.page.locator("hair-answers-chat .log").evaluate("e => e.scrollTop = 0")
    newer = scripted.page.get_by_role("button", name="New answer")
    expect(newer).to_be_visible()
    assert scripted.page.locator("hair-answers-chat .log").evaluate("e => e.scrollTop") == 0
    newer.click()
    expect(scripted.last).to_be_in_viewport()
    expect(newer).to_be_hidden()


def test_typing_shows_while_an_answer_takes_its_time(scripted: Chat) -> None:
    scripted.visit().open()
    scripted.say("slow 1")
    typing = scripted.page.locator("hair-answers-chat .typing")
    expect(typing).to_be_visible()
    expect(scripted.bot).to_have_count(2)
    expect(typing).to_be_hidden()


def test_answers_that_come_while_the_window_is_closed_are_counted(scripted: Chat) -> None:
    scripted.visit().open()
    scripted.say("slow 1")
    scripted.page.get_by_role("button", name="Close chat").click()
    badge = scripted.page.locator("hair-answers-chat .unread")
    expect(badge).to_have_text("1")
    expect(scripted.launcher).to_have_accessible_name("Open chat, 1 new: Questions about hair loss?")
    scripted.launcher.click()
    expect(badge).to_be_hidden()
    scripted.page.get_by_role("button", name="Close chat").click()
    expect(badge).to_be_hidden()


def test_a_new_conversation_starts_clean_and_keeps_nothing(scripted: Chat) -> None:
    scripted.visit().open()
    scripted.ask("my secret")
    old = scripted.page.evaluate("JSON.parse(sessionStorage['hair-answers:chat']).token")
    scripted.menu("New conversation")
    expect(scripted.mine).to_have_count(0)
    expect(scripted.bot).to_have_count(1)
    kept = scripted.page.evaluate("sessionStorage['hair-answers:chat']")
    assert "my secret" not in kept
    assert json.loads(kept)["token"].split(".")[0] != old.split(".")[0]


def test_deleting_the_chat_asks_first_and_asks_the_server(scripted: Chat, stand_in: StandIn) -> None:
    scripted.visit().open()
    scripted.ask("my secret")
    scripted.menu("Delete my chat")
    dialog = scripted.page.get_by_role("dialog", name="Delete this chat?")
    dialog.get_by_role("button", name="Keep it").click()
    expect(scripted.mine).to_have_count(1)
    erased = stand_in.state / "erased"
    before = erased.read_text() if erased.exists() else ""
    scripted.menu("Delete my chat")
    dialog.get_by_role("button", name="Delete it").click()
    expect(scripted.page.locator("hair-answers-chat .note")).to_have_text("Your chat has been deleted.")
    expect(scripted.mine).to_have_count(0)
    assert len(erased.read_text()) > len(before)
    assert "my secret" not in scripted.page.evaluate("sessionStorage['hair-answers:chat']")


def test_the_conversation_can_be_copied_with_its_sources(
    contexts: Callable[..., BrowserContext], stand_in: StandIn
) -> None:
    context = contexts(permissions=["clipboard-read", "clipboard-write"])
    chat = Chat(context.new_page(), stand_in.url).visit().open()
    chat.ask("what now")
    chat.menu("Copy conversation")
    expect(chat.status).to_have_text("Conversation copied.")
    copied = chat.page.evaluate("navigator.clipboard.readText()")
    assert "what now" in copied and "https://example.org/areata" in copied and "not medical advice" in copied


def test_the_conversation_can_be_printed(scripted: Chat) -> None:
    scripted.page.add_init_script(
        "addEventListener('DOMContentLoaded', () => { const old = HTMLIFrameElement.prototype;"
        "const get = Object.getOwnPropertyDescriptor(old, 'contentWindow').get;"
        "Object.defineProperty(old, 'contentWindow', {get() { const w = get.call(this);"
        "w.print = () => { window.printed = w.document.body.innerText; w.dispatchEvent(new Event('afterprint')); };"
        "return w; }}) })"
    )
    scripted.visit().open()
    scripted.ask("what now")
    scripted.menu("Print conversation")
    assert "what now" in scripted.page.evaluate("window.printed")
    expect(scripted.page.locator("hair-answers-chat iframe")).to_have_count(0)
    assert scripted.faults == []


@pytest.mark.parametrize("device", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_tables_safety_forms_and_errors(
    contexts: Callable[..., BrowserContext], stand_in: StandIn, device: dict[str, object], scheme: str
) -> None:
    chat = Chat(contexts(**device, color_scheme=scheme).new_page(), stand_in.url).visit().open()
    chat.ask("table").locator("summary").click()
    chat.ask("safety")
    answer = chat.ask("steps")
    answer.get_by_role("button", name="No, this did not help").click()
    chat.field.fill("x" * 501)
    assert chat.violations() == [], "table, help lines, drawing, a form and a refused question"
    assert chat.overflow() == []
    chat.field.fill("")
    chat.menu("Delete my chat")
    assert chat.violations() == [], "the question before deleting"
    assert chat.small_targets(24) == []


@pytest.mark.parametrize("width", [320, 256], ids=["400 %", "500 %"])
def test_nothing_is_lost_at_high_zoom(
    contexts: Callable[..., BrowserContext], stand_in: StandIn, width: int
) -> None:
    """1280 px at 400 % is a 320 px wide view."""
    chat = Chat(contexts(viewport={"width": width, "height": 256}).new_page(), stand_in.url).visit().open()
    chat.ask("steps")
    chat.ask("table")
    assert chat.overflow() == []
    expect(chat.field).to_be_in_viewport()
    log = chat.page.locator("hair-answers-chat .log").bounding_box()
    assert log and log["height"] > 60, "there is room to read"


def test_right_to_left_pages_are_mirrored(scripted: Chat) -> None:
    page = requests.get(f"{scripted.url}/chat/", timeout=5).text.replace('lang="en"', 'lang="ar" dir="rtl"')
    scripted.page.route("**/chat/", lambda route: route.fulfill(body=page, content_type="text/html"))
    scripted.visit()
    box = scripted.launcher.bounding_box()
    assert box and box["x"] < 100, "the launcher stands at the end of the line"
    scripted.open()
    scripted.ask("table")
    assert scripted.overflow() == []


def test_motion_stops_for_those_who_ask(contexts: Callable[..., BrowserContext], stand_in: StandIn) -> None:
    chat = Chat(contexts(reduced_motion="reduce").new_page(), stand_in.url).visit().open()
    chat.say("slow 1")
    expect(chat.page.locator("hair-answers-chat .typing")).to_be_visible()
    running = "() => document.querySelector('hair-answers-chat').shadowRoot.getAnimations().length"
    assert chat.page.evaluate(running) == 0


def test_forced_colours_keep_borders(contexts: Callable[..., BrowserContext], stand_in: StandIn) -> None:
    chat = Chat(contexts(forced_colors="active").new_page(), stand_in.url).visit().open()
    answer = chat.ask("steps")
    for part in (".bubble", ".badge", ".here > *"):
        assert answer.locator(part).first.evaluate("e => parseFloat(getComputedStyle(e).borderTopWidth)") >= 1
