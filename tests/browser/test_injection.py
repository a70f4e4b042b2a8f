"""Nothing that is said can run: hostile texts, links, titles and stored messages stay inert."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from tests.browser.chat_page import Chat
from tests.browser.conftest import StandIn

RUN = "window.hacked=1"
PROBES = [
    f"<img src=x onerror={RUN}>",
    f"<script>{RUN}</script>",
    f"<svg onload={RUN}>",
    "<iframe srcdoc='<script>parent.hacked=1</script>'></iframe>",
    f"[x](javascript:{RUN})",
    f"[x](JaVaScRiPt:{RUN})",
    f"[x](java\tscript:{RUN})",
    f"[x](&#106;avascript:{RUN})",
    f"[x](\x01javascript:{RUN})",
    f"[x](data:text/html,<script>{RUN}</script>)",
    f"[x](vbscript:{RUN})",
    f"[x](blob:null/{RUN})",
    "[x](//evil.example/x)",
    "[x](http://evil.example/x)",
    "[x](https://user:pass@evil.example/)",
    "[x](file:///etc/passwd)",
    f"![x](javascript:{RUN})",
    "![x](https://evil.example/pixel.png)",
    f"**<b onclick={RUN}>x</b>**",
    f"- <details open ontoggle={RUN}>x",
    f"[<img src=x onerror={RUN}>](https://example.org/)",
    f'[x](https://example.org/"onmouseover="{RUN})',
    f'<a href="javascript:{RUN}">x</a>',
    f"<math><mtext><mglyph><style><img src=x onerror={RUN}></style></mglyph></mtext></math>",
    "<style>*{background:url(https://evil.example/x)}</style>",
    "<form action=https://evil.example><button>x</button></form>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<base href=https://evil.example/>",
    f"{{{{constructor.constructor('{RUN}')()}}}}",
    f"${{{RUN}}}",
    f"[a](javascript:{RUN}) [b](https://example.org/ok)",
]
HOSTILE = "script, iframe, object, embed, form, img, base, meta, style, math, [onerror], [onclick], [onload]"


def _is_inert(chat: Chat) -> None:
    """No script ran, no foreign request went out, no element or link came to be that we do not make."""
    chat.page.wait_for_timeout(60)
    assert chat.page.evaluate("window.hacked") is None
    assert chat.foreign == []
    messages = chat.page.locator("hair-answers-chat .log")
    expect(messages.locator(HOSTILE)).to_have_count(0)
    hrefs = messages.locator("a").evaluate_all("all => all.map(a => a.protocol)")
    assert set(hrefs) <= {"https:", "tel:", "sms:", "mailto:"}, hrefs


def test_there_are_enough_probes() -> None:
    assert len(set(PROBES)) >= 25


def test_hostile_answers_are_text(scripted: Chat, stand_in: StandIn) -> None:
    """Every probe in every field the bot can fill: text, titles, cells, sources, helplines, labels, dates."""
    scripted.visit().open()
    for probe in PROBES:
        reply = {
            "text": probe,
            "buttons": [{"title": probe[:100], "payload": "/x/y"}],
            "metadata": {
                "answer": "causes/x",
                "title": probe,
                "evidence": probe,
                "evidence_label": probe,
                "reviewed": probe,
                "source_line": probe,
                "origin_label": probe,
                "sources": [
                    {"key": "A", "title": probe, "publisher": probe, "url": probe.split("](")[-1].rstrip(")")}
                ],
                "table": {
                    "columns": ["", probe],
                    "rows": [{"label": probe, "cells": [{"text": probe, "sources": ["A"]}]}],
                },
                "helplines": [
                    {"name": probe, "number": probe, "kind": "url"},
                    {"name": probe, "number": probe, "kind": "tel"},
                ],
                "steps": {"current": 1, "keys": ["a/b"] * 4, "titles": [probe] * 4},
                "safety": {"tier": probe},
            },
        }
        (stand_in.state / "reply.json").write_text(json.dumps(reply))
        scripted.ask("reply")
        _is_inert(scripted)
    expect(scripted.bot).to_have_count(len(PROBES) + 1)


def test_what_a_person_types_is_text(scripted: Chat) -> None:
    scripted.visit().open()
    for probe in PROBES:
        before = scripted.bot.count()
        scripted.say(probe)
        expect(scripted.bot.nth(before)).to_be_visible()
        _is_inert(scripted)
    scripted.page.reload()
    expect(scripted.mine.first).to_be_visible()
    _is_inert(scripted)


@pytest.mark.parametrize(
    "kept",
    [
        "not json",
        "null",
        "[]",
        '{"messages": 5}',
        '{"messages": [null, 1, {"who": "evil"}, {"who": "bot"}, {"who": "user"}, {"who": "note", "text": {}}]}',
        '{"__proto__": {"hacked": 1}, "constructor": {"prototype": {"hacked": 1}}, "messages": []}',
        '{"messages": [{"who": "bot", "id": "x", "time": 0, "metadata": {"__proto__": {"hacked": 1}, "title": [1]}}]}',
        '{"messages": [{"who": "user", "id": "y", "time": "never", "text": "x", "state": "sent"}]}',
        '{"messages": [{"who": "user", "id": "y", "time": 1, "text": "<img src=x onerror=window.hacked=1>"}]}',
    ],
)
def test_a_spoiled_memory_neither_runs_nor_stops_the_chat(scripted: Chat, kept: str) -> None:
    scripted.visit()
    scripted.page.evaluate("kept => { sessionStorage['hair-answers:chat'] = kept }", kept)
    scripted.page.reload()
    scripted.launcher.click()
    scripted.ask("are you there")
    assert scripted.page.evaluate("[{}.hacked, window.hacked]") == [None, None]
    assert scripted.faults == []


def test_a_polluted_answer_does_not_reach_other_objects(scripted: Chat, stand_in: StandIn) -> None:
    evil = {"__proto__": {"hacked": 1}, "constructor": {"prototype": {"hacked": 1}}}
    reply = {"text": "hi", "metadata": {**evil, "title": "x", "table": evil, "steps": {**evil, "keys": []}}}
    (stand_in.state / "reply.json").write_text(json.dumps(reply))
    scripted.visit().open()
    scripted.ask("reply")
    scripted.page.reload()
    expect(scripted.bot).to_have_count(2)
    assert scripted.page.evaluate("[{}.hacked, [].hacked, (() => {}).hacked]") == [None, None, None]
