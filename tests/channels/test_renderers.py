"""Every answer on every channel stays within the platform's limits, and nothing typed becomes markup."""

from __future__ import annotations

import asyncio
import html
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from rasa.shared.core.trackers import DialogueStateTracker

from hair_answers.channels.payloads import known_payloads, payload_of
from hair_answers.channels.renderers import plain, slack, telegram
from hair_answers.channels.renderers.document import SAFE_LINKS, read
from hair_answers.channels.renderers.sheet import lay_out
from hair_answers.knowledge.library import Library
from hair_answers.speech.curated_speech import CuratedSpeech
from tests.channels.stand_ins.limits import (
    SlackRefusal,
    TelegramRefusal,
    check_slack_post,
    check_telegram_post,
)

LIBRARY = Library.default()
SPEECH = CuratedSpeech(library=LIBRARY)
NAMES = [answer.response for answer in LIBRARY.answers.values()] + list(LIBRARY.voice)
ROW = {
    "label": "Cost & time",
    "cells": [{"text": "**high** <now>", "sources": ["A"]}, {"text": "low", "sources": []}],
}
TABLE = {"columns": ["", "PRP", "Transplant"], "rows": [ROW]}


def said(name: str, channel: str) -> dict[str, Any]:
    """What the bot says by this name at the start of a conversation."""
    tracker = DialogueStateTracker.from_events("golden", [])
    message = asyncio.run(SPEECH.generate(name, tracker, channel))
    assert message is not None
    return message


@pytest.fixture(scope="module", params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class Words(HTMLParser):
    """The text of Telegram's HTML; fails on a tag or nesting Telegram would refuse."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ("b", "i", "a"), tag
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def words(text: str) -> list[str]:
    """The words of a text, whatever stands around them."""
    return re.findall(r"[\w%$£°]+", text)


def test_slack_takes_every_answer(name: str) -> None:
    message = said(name, "slack")
    posts = slack.render(message, heading=True)
    for post in posts:
        check_slack_post({"channel": "D1", **post})
    buttons = [
        e["value"] for post in posts for b in post["blocks"] if b["type"] == "actions" for e in b["elements"]
    ]
    assert buttons == [button["payload"] for button in message.get("buttons", ())]
    assert (
        message["metadata"].get("source_line", "") == ""
        or posts[-1]["blocks"][-1 - bool(buttons)]["type"] == "context"
    )


def test_telegram_takes_every_answer(name: str) -> None:
    message = said(name, "telegram")
    posts = telegram.render(message, heading=True)
    for post in posts:
        check_telegram_post({"chat_id": 1, **post})
    rows = posts[-1].get("reply_markup", {}).get("inline_keyboard", [])
    # A choice that is no key (of a form) comes back as its own words.
    sent = [payload_of(button["callback_data"]) or button["text"] for row in rows for button in row]
    assert sent == [button["payload"] for button in message.get("buttons", ())]


def test_no_channel_loses_a_word(name: str) -> None:
    """The three renderings say the same words as the answer itself."""
    message = {**said(name, "slack"), "buttons": []}
    wanted = words(plain.render(message))
    shown = Words()
    shown.feed("\n".join(post["text"] for post in telegram.render(message)))
    slack_text = "\n".join(post["text"] for post in slack.render(message))
    linkless = html.unescape(re.sub(r"<[^|>]+\|([^>]*)>", r"\1", slack_text))
    body = words(" ".join(s.text for block in lay_out(message).blocks for line in block for s in line))
    assert words(linkless) == body
    assert set(body) <= set(wanted)
    assert words(shown.text)[: len(body)] == body


def test_answers_use_the_subset_only(name: str) -> None:
    """No mark is left over in plain text: what an author wrote as markup was understood as such."""
    for block in read(said(name, "slack")["text"]):
        text = "".join(span.text for line in block for span in line)
        assert "**" not in text and "](" not in text, text
        assert all(span.link.startswith(SAFE_LINKS) for line in block for span in line if span.link)


def test_every_payload_has_a_short_key_of_its_own() -> None:
    keys = {payload: telegram.short_key(payload) for payload in known_payloads()}
    assert len(set(keys.values())) == len(keys) > 200
    assert all(payload_of(key) == payload for payload, key in keys.items())
    assert (
        telegram.short_key("/causes/alopecia_areata") == "cb1aa110e0a09184f1a1"
    )  # old buttons in people's chats


TYPED = "<!channel> <@U1> & *x* _y_ <b>z</b> [a](javascript:alert(1)) &amp; ~s~ `c`"


def test_typed_text_cannot_call_a_channel() -> None:
    (post,) = slack.render({"text": TYPED})
    assert "<!channel>" not in post["text"] and "&lt;!channel&gt;" in post["text"]
    assert "&amp;amp;" in post["text"] and "<javascript" not in post["text"]
    assert post["blocks"][0]["text"]["verbatim"] is True


def test_typed_text_cannot_make_tags() -> None:
    (post,) = telegram.render({"text": TYPED})
    assert "&lt;b&gt;z&lt;/b&gt;" in post["text"] and "href" not in post["text"]
    check_telegram_post({"chat_id": 1, **post})


def test_goldens() -> None:
    message = {
        "text": "First **bold**word & [NHS](https://nhs.uk/a?b=1&c=2).\n\n1. **One**: x\n2. two\n\n- tel",
        "buttons": [{"title": title, "payload": f"/{title}"} for title in ("Yes", "No", "Yes")],
        "metadata": {
            "title": "T", "evidence": "early", "table": TABLE, "steps": {"current": 2, "titles": ["A", "B"]},
            "helplines": [{"name": "Line", "number": "116 123", "kind": "tel"}],
            "source_line": "Early · Sources: NHS; BAD", "sources": [{"publisher": "NHS", "url": "https://nhs.uk"}],
        },
    }  # fmt: skip
    (post,) = slack.render(message)
    assert post["text"] == (
        "First *bold*\u200bword &amp; <https://nhs.uk/a?b=1&amp;c=2|NHS>.\n\n1. *One*: x\n2. two\n\n• tel\n\n"
        "*Cost &amp; time*\n• PRP: *high* &lt;now&gt;\n• Transplant: low\n\n"
        "1. A → *2. B*\n\n• Line: *<tel:116123|116 123>*"
    )
    assert post["blocks"][1] == slack.context("Early · Sources: <https://nhs.uk|NHS>; BAD")
    assert [e["value"] for e in post["blocks"][2]["elements"]] == ["/Yes", "/No"]
    (post,) = telegram.render(message, heading=True)
    assert post["text"] == (
        '<b>T</b>\n\nFirst <b>bold</b>word &amp; <a href="https://nhs.uk/a?b=1&amp;c=2">NHS</a>.'
        "\n\n1. <b>One</b>: x\n2. two"
        "\n\n• tel\n\n<b>Cost &amp; time</b>\n• PRP: <b>high</b> &lt;now&gt;\n• Transplant: low\n\n"
        "1. A → <b>2. B</b>\n\n"
        '• Line: <b>116 123</b>\n\n<i>Early · Sources: <a href="https://nhs.uk">NHS</a>; BAD</i>'
    )
    assert [len(row) for row in post["reply_markup"]["inline_keyboard"]] == [2]
    assert plain.render(message) == (
        "First boldword & NHS (https://nhs.uk/a?b=1&c=2).\n\n1. One: x\n2. two\n\n• tel\n\n"
        "Cost & time\n• PRP: high <now>"
        "\n• Transplant: low\n\n1. A → 2. B\n\n• Line: 116 123\n\nEarly · Sources: NHS; BAD\n\n> Yes\n> No"
    )


@pytest.mark.parametrize(
    "unit", ["word ", "Sentence one & two. ", "x", "😀", "a\n\n", "- item & more\n", "**b** "]
)
def test_long_texts_are_cut_within_the_limits_and_lose_nothing(unit: str) -> None:
    message = {"text": unit * (12_000 // len(unit)), "buttons": [{"title": "b" * 200, "payload": "/p"}]}
    posts = telegram.render(message)
    shown = Words()
    for post in posts:
        check_telegram_post({"chat_id": 1, **post})
        shown.feed(post["text"] + "\n")
    marks = str.maketrans("", "", " \n•*-")
    assert shown.text.translate(marks) == message["text"].translate(marks)
    for post in slack.render(message):
        check_slack_post({"channel": "D1", **post})
    assert [("reply_markup" in post) for post in posts] == [False] * (len(posts) - 1) + [True]


def test_paragraphs_are_the_first_place_to_cut() -> None:
    paragraphs = [f"Paragraph {n}. " + "word " * 300 for n in range(6)]
    for post in telegram.render({"text": "\n\n".join(paragraphs)}):
        assert post["text"].startswith("Paragraph")


def test_a_table_too_wide_for_a_phone_becomes_lines() -> None:
    rows = [{"label": f"Row {n}", "cells": [{"text": "value " * 20}] * 4} for n in range(30)]
    message = {"text": "See:", "metadata": {"table": {"columns": list("ABCD"), "rows": rows}}}
    for post in slack.render(message):
        check_slack_post({"channel": "D1", **post})
    for post in telegram.render(message):
        check_telegram_post({"chat_id": 1, **post})


def test_buttons_beyond_a_row_are_kept() -> None:
    shown = [{"title": f"Choice {n}", "payload": f"/p{n}"} for n in range(60)]
    (post,) = slack.render({"text": "x", "buttons": shown})
    check_slack_post({"channel": "D1", **post})
    assert sum(len(b["elements"]) for b in post["blocks"] if b["type"] == "actions") == 60
    (post,) = telegram.render({"text": "x", "buttons": shown})
    check_telegram_post({"chat_id": 1, **post})


def test_a_tapped_button_goes_and_the_others_stay() -> None:
    (post,) = slack.render({"text": "x", "buttons": [{"title": t, "payload": f"/{t}"} for t in "ab"]})
    left = slack.without_button(post["blocks"], "say-0", "chosen")
    assert [e["value"] for b in left if b["type"] == "actions" for e in b["elements"]] == ["/b"]
    assert slack.context("chosen") in left
    assert slack.without_button(left, "say-1", "c")[-1] == slack.context("c")


def test_the_stand_ins_refuse_what_the_platforms_refuse() -> None:
    """The checks above can fail: each limit, one step too far."""
    with pytest.raises(TelegramRefusal, match="too long"):
        check_telegram_post({"chat_id": 1, "text": "x" * 4097})
    with pytest.raises(TelegramRefusal, match="parse entities"):
        check_telegram_post({"chat_id": 1, "text": "a < b", "parse_mode": "HTML"})
    with pytest.raises(TelegramRefusal, match="BUTTON_DATA_INVALID"):
        markup = {"inline_keyboard": [[{"text": "t", "callback_data": "x" * 65}]]}
        check_telegram_post({"chat_id": 1, "text": "x", "reply_markup": markup})
    with pytest.raises(SlackRefusal, match="3001"):
        check_slack_post({"channel": "D1", "text": "x", "blocks": [slack.section("x" * 3001)]})
    with pytest.raises(SlackRefusal, match="no_text"):
        check_slack_post({"channel": "D1"})
