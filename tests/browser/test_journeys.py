"""What a person does, against the real bot: first visit, questions, sources, reload, two tabs, keyboard, phone."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, expect

from tests.browser.chat_page import Chat
from tests.browser.conftest import DESKTOP, PHONE


def test_first_visit_says_what_it_is_before_anything_else(chat: Chat) -> None:
    chat.visit()
    expect(chat.panel).to_be_hidden()
    chat.open()
    expect(chat.panel.locator(".head")).to_contain_text("not a doctor")
    expect(chat.panel.locator(".notice")).to_contain_text("not medical advice")
    expect(chat.field).to_be_focused()
    assert chat.last.locator(".chips button").count() >= 3, "the greeting offers topics"
    assert chat.page.context.cookies() == []
    assert chat.page.evaluate("localStorage.length") == 0
    assert chat.foreign == [], "nothing is asked of any other server"
    assert chat.faults == []


def test_a_chip_is_answered_with_its_own_answer(chat: Chat) -> None:
    chip = chat.visit().open().last.locator(".chips button").first
    title = chip.inner_text()
    answer = chat.tap(chip)
    expect(chat.mine.last.locator(".words")).to_have_text(title)
    expect(answer.locator("h3")).to_have_text(title)


def test_a_typed_question_shows_sources_grade_and_review_date(chat: Chat) -> None:
    chat.visit().open()
    answer = chat.ask("what is alopecia areata")
    expect(answer.locator("h3")).to_have_text("Alopecia areata")
    expect(answer.locator(".badge")).to_be_visible()
    expect(answer.locator(".date")).to_have_text(re.compile(r"Reviewed .*20\d\d"))
    links = answer.locator("details a")
    expect(links.first).to_be_hidden()
    answer.locator("summary").click()
    expect(links.first).to_be_visible()
    assert all(address.startswith("https://") for address in links.evaluate_all("a => a.map(x => x.href)"))
    assert set(links.evaluate_all("a => a.map(x => x.rel)")) == {"noopener noreferrer"}
    assert chat.faults == []


def test_the_four_steps_are_drawn_and_each_can_be_asked_for(chat: Chat) -> None:
    chat.visit().open()
    overview = chat.ask("what are the steps of the procedure")
    steps = overview.locator(".steps li")
    expect(steps).to_have_count(4)
    answer = chat.tap(steps.nth(2).locator("button"))
    expect(answer.locator(".steps [aria-current=step]")).to_have_count(1)
    expect(answer.locator(".steps li").nth(2)).to_have_attribute("aria-current", "step")


def test_a_reload_keeps_the_conversation_and_its_chips(chat: Chat) -> None:
    chat.visit().open()
    chat.ask("what is alopecia areata")
    before = chat.bot.all_inner_texts()
    token = chat.page.evaluate("JSON.parse(sessionStorage['hair-answers:chat']).token")
    chat.page.reload()
    expect(chat.panel).to_be_visible()
    expect(chat.bot).to_have_count(len(before))
    answer = chat.tap(chat.last.locator(".chips button").first)
    expect(answer).to_be_visible()
    renewed = chat.page.evaluate("JSON.parse(sessionStorage['hair-answers:chat']).token")
    assert renewed.split(".")[0] == token.split(".")[0], "the same conversation"


def test_two_tabs_are_two_conversations(contexts: Callable[..., BrowserContext], bot_server: str) -> None:
    context = contexts()
    one, two = (Chat(context.new_page(), bot_server.rstrip("/")).visit().open() for _ in range(2))
    one.ask("what is alopecia areata")
    expect(two.bot).to_have_count(1)
    expect(two.mine).to_have_count(0)


def test_a_long_question_is_refused_kindly_and_not_lost(chat: Chat) -> None:
    chat.visit().open()
    chat.field.fill("why " * 150)
    expect(chat.page.locator("hair-answers-chat .count")).to_contain_text("500")
    chat.field.press("Enter")
    expect(chat.mine).to_have_count(0)
    assert len(chat.field.input_value()) == 600, "what was typed is still there to shorten"
    chat.ask("what is alopecia areata")


def test_asking_too_fast_is_told_and_can_be_repeated(chat: Chat) -> None:
    chat.visit().open()
    for _ in range(14):
        chat.say("what is alopecia areata")
    failed = chat.page.locator("hair-answers-chat .message.user.failed")
    expect(failed.first).to_contain_text("Please wait")
    expect(failed.first.get_by_role("button", name="Try again")).to_be_visible()


def _tab_to(chat: Chat, goal: Locator, key: str = "Tab", limit: int = 40) -> None:
    """Press Tab until `goal` has the focus."""
    for _ in range(limit):
        if goal.evaluate("node => node.getRootNode().activeElement === node"):
            return
        chat.page.keyboard.press(key)
    raise AssertionError(f"{limit} presses of {key} did not reach {goal}")


def test_the_whole_journey_by_keyboard(chat: Chat) -> None:
    chat.visit()
    _tab_to(chat, chat.launcher)
    chat.page.keyboard.press("Enter")
    expect(chat.bot.first).to_be_visible()
    expect(chat.field).to_be_focused()
    chat.page.keyboard.type("what is alopecia areata")
    chat.page.keyboard.press("Enter")
    expect(chat.bot).to_have_count(2)
    summary = chat.last.locator("summary")
    _tab_to(chat, summary, "Shift+Tab")
    outline = summary.evaluate("node => getComputedStyle(node).outlineStyle")
    assert outline == "solid", "the focus can be seen"
    chat.page.keyboard.press("Enter")
    expect(chat.last.locator("details a").first).to_be_visible()
    expect(chat.last.locator("time")).to_have_css("opacity", "1")
    _tab_to(chat, chat.last.locator(".chips button").first)
    chat.page.keyboard.press("Space")
    expect(chat.bot).to_have_count(3)
    menu = chat.page.get_by_role("button", name="More options")
    _tab_to(chat, menu)
    chat.page.keyboard.press("Enter")
    expect(chat.page.get_by_role("button", name="New conversation")).to_be_focused()
    chat.page.keyboard.press("Escape")
    expect(menu).to_be_focused()
    chat.page.keyboard.press("Escape")
    expect(chat.panel).to_be_hidden()
    expect(chat.launcher).to_be_focused()


def test_only_new_answers_are_read_aloud(chat: Chat) -> None:
    chat.visit().open()
    chat.ask("what is alopecia areata")
    live = chat.page.locator("hair-answers-chat [role=log]")
    expect(live).to_have_count(1)
    expect(live).to_contain_text("Alopecia areata")
    assert "what is alopecia areata" not in live.inner_text(), "the person's own words are not read back"
    assert "**" not in live.inner_text()
    chat.page.reload()
    expect(chat.bot).to_have_count(2)
    assert live.inner_text() == "", "old answers are not read again"


def test_the_phone_gets_the_whole_screen_and_nothing_sticks_out(phone: Chat) -> None:
    phone.visit().open()
    phone.ask("what are the steps of the procedure")
    box = phone.panel.bounding_box()
    assert box == {"x": 0, "y": 0, "width": 390, "height": 844}
    expect(phone.panel).to_have_attribute("aria-modal", "true")
    assert phone.overflow() == []
    assert phone.small_targets(40) == []


@pytest.mark.parametrize("device", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(
    contexts: Callable[..., BrowserContext], bot_server: str, device: dict[str, object], scheme: str
) -> None:
    chat = Chat(contexts(**device, color_scheme=scheme).new_page(), bot_server.rstrip("/")).visit()
    assert chat.violations() == [], "closed"
    chat.open()
    answer = chat.ask("what is alopecia areata")
    answer.locator("summary").click()
    chat.ask("what are the steps of the procedure")
    assert chat.violations() == [], "open, with answers"
    chat.page.get_by_role("button", name="More options").click()
    assert chat.violations() == [], "menu"
