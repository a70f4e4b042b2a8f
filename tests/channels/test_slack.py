"""Slack, end to end: a real server with the trained model against the stand-in workspace."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Any

import pytest
import requests

from hair_answers.channels.reception import note
from tests.channels.stand_ins.loopback import at_least, wait_for
from tests.channels.stand_ins.running import Running
from tests.channels.stand_ins.slack import SIGNING_SECRET, TEAM, SlackStandIn, direct
from tests.channels.talking import KEYS, new_user, opening, question, said, trigger, voice

pytestmark = pytest.mark.server
KEY = KEYS[0]


@pytest.fixture
def user() -> str:
    return new_user()


def posts(slack: SlackStandIn, user: str, count: int = 1) -> list[dict[str, Any]]:
    """The first `count` posts a person sees in their direct messages."""
    return at_least(count, lambda: slack.seen_by(user))


def ask(slack: SlackStandIn, user: str, text: str, **more: Any) -> None:
    slack.run(slack.deliver(slack.message(user, text, **more)))


def only_answer(slack: SlackStandIn, user: str) -> dict[str, Any]:
    """Ask a last question; return the one post there is, so that nothing before it was answered."""
    ask(slack, user, question(KEY))
    seen = posts(slack, user)
    assert len(seen) == 1 and opening(KEY, "slack") in seen[0]["text"], [post["text"] for post in seen]
    return seen[0]


def test_a_question_gets_its_answer_with_sources_and_buttons(slack: SlackStandIn, user: str) -> None:
    took = slack.run(slack.deliver(slack.message(user, question(KEY))))
    (post,) = posts(slack, user)
    assert took < 0.5
    assert opening(KEY, "slack") in post["text"] and "**" not in post["text"]
    kinds = [block["type"] for block in post["blocks"]]
    assert kinds == ["section", "context", "actions"]
    assert "<https://" in post["blocks"][1]["elements"][0]["text"]
    assert "thread_ts" not in post and post["unfurl_links"] is False


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "application/json;charset=UTF-8"])
def test_any_form_of_the_json_content_type_is_read(slack: SlackStandIn, user: str, kind: str) -> None:
    assert slack.run(slack.send(slack.message(user, question(KEY)), **{"Content-Type": kind}))[0] == 200
    posts(slack, user)


def test_an_event_delivered_again_is_answered_once(slack: SlackStandIn, user: str) -> None:
    event = slack.message(user, question(KEY))
    for attempt, reason in enumerate(["", "http_error", "http_timeout", "unexpected_response_code"]):
        headers = {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": reason}
        assert slack.run(slack.send(event, **headers))[0] == 200
    ask(slack, user, question(KEYS[1]))
    assert [
        opening(key, "slack") in post["text"] for key, post in zip(KEYS, posts(slack, user, 2), strict=False)
    ] == [True] * 2


def signed(body: bytes, stamp: int, secret: str = SIGNING_SECRET) -> dict[str, str]:
    """Headers as Slack's documentation computes them, without the SDK."""
    digest = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    kind = {"Content-Type": "application/json"}
    return {**kind, "X-Slack-Request-Timestamp": str(stamp), "X-Slack-Signature": f"v0={digest}"}


def test_only_slack_is_believed(slack: SlackStandIn, user: str) -> None:
    now = int(time.time())

    def status(headers: dict[str, str], text: str = "forged") -> int:
        body = json.dumps(slack.message(user, text)).encode()
        return requests.post(slack.webhook, data=body, headers=headers, timeout=5).status_code

    def own(stamp: int, secret: str = SIGNING_SECRET) -> int:
        body = json.dumps(slack.message(user, "forged")).encode()
        return requests.post(
            slack.webhook, data=body, headers=signed(body, stamp, secret), timeout=5
        ).status_code

    assert status({}) == 401
    assert status({"X-Slack-Request-Timestamp": str(now), "X-Slack-Signature": "v0=" + "0" * 64}) == 401
    assert status({"X-Slack-Request-Timestamp": "²", "X-Slack-Signature": "v0=ü"}) in (400, 401)
    assert status({"X-Slack-Request-Timestamp": "soon", "X-Slack-Signature": "v0=0"}) == 401
    assert own(now - 600) == 401 and own(now, "0" * 32) == 401
    only_answer(slack, user)
    assert own(now) == 200  # the same computation with the right secret and time
    posts(slack, user, 2)


def test_the_address_can_be_confirmed(slack: SlackStandIn) -> None:
    event = {"token": "x", "challenge": "3eZbrw1aB", "type": "url_verification"}
    assert slack.run(slack.send(event)) == (200, "3eZbrw1aB")


def test_a_rate_limit_delays_the_answer_and_doubles_nothing(slack: SlackStandIn, user: str) -> None:
    limited = (429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "1"})
    slack.faults["chat.postMessage"].extend([limited, limited])
    started = time.monotonic()
    only_answer(slack, user)
    assert time.monotonic() - started >= 1.5  # twice the second asked for, less the clock


def test_a_failing_platform_is_tried_again(slack: SlackStandIn, user: str) -> None:
    slack.faults["chat.postMessage"].append((503, {"ok": False, "error": "service_unavailable"}, {}))
    only_answer(slack, user)


def test_a_refused_message_ends_that_message_alone(slack: SlackStandIn, user: str) -> None:
    slack.faults["chat.postMessage"].append((200, {"ok": False, "error": "is_archived"}, {}))
    ask(slack, user, question(KEYS[1]))
    only_answer(slack, user)


def test_the_command_answers_in_private(slack: SlackStandIn, user: str) -> None:
    status, body = slack.run(slack.send(slack.command(user, question(KEY))))
    reply = json.loads(body)
    assert (status, reply["response_type"], reply["text"]) == (200, "ephemeral", note("answered_in_private"))
    (post,) = posts(slack, user)
    assert opening(KEY, "slack") in post["text"] and post["channel"] == direct(user)


def test_the_bare_command_says_how_to_ask(slack: SlackStandIn, user: str) -> None:
    reply = json.loads(slack.run(slack.send(slack.command(user, "")))[1])
    assert reply == {"response_type": "ephemeral", "text": note("ask_in_private")}
    only_answer(slack, user)


def test_a_mention_in_a_channel_is_answered_to_the_person_alone(
    running: Running, slack: SlackStandIn, user: str
) -> None:
    event = slack.event(type="app_mention", user=user, channel="C0PUBLIC", text=f"<@UBOT> {question(KEY)}")
    slack.run(slack.deliver(event))
    pointer = wait_for(lambda: [p for p in slack.posts if p.get("only_for") == user])[0]
    assert "direct message" in pointer["text"] and pointer["channel"] == "C0PUBLIC"
    assert not [p for p in slack.posts if p.get("channel") == "C0PUBLIC" and not p.get("only_for")]
    assert said(running, f"slack-{TEAM}-{user}") == []


def test_what_is_not_said_to_the_bot_is_not_answered(slack: SlackStandIn, user: str) -> None:
    text = question(KEYS[1])
    for event in (
        slack.event(type="message", channel="C1", channel_type="channel", user=user, text=text),
        slack.event(type="message", channel="G1", channel_type="mpim", user=user, text=text),
        slack.message(user, text, bot_id="BOTHER"),
        slack.message(user, text, subtype="channel_join"),
        slack.event(
            type="message",
            channel=direct(user),
            channel_type="im",
            subtype="message_deleted",
            deleted_ts="1.1",
        ),
        slack.event(type="reaction_added", user=user, reaction="thumbsup", item={"type": "message"}),
        slack.event(type="app_home_opened", user=user, channel=direct(user), tab="messages"),
    ):
        assert slack.run(slack.send(event))[0] == 200
    only_answer(slack, user)


def edit(slack: SlackStandIn, user: str, text: str, before: str, **more: Any) -> dict[str, Any]:
    old = {"type": "message", "user": user, "text": before, "ts": "1.1"}
    event = {
        "message": {**old, "text": text, **more},
        "previous_message": old,
        "ts": slack.ts(),
        "hidden": True,
    }
    return slack.event(
        type="message", subtype="message_changed", channel=direct(user), channel_type="im", **event
    )


def test_an_edit_is_a_new_question_and_a_preview_is_not(slack: SlackStandIn, user: str) -> None:
    slack.run(slack.deliver(edit(slack, user, "same", "same", attachments=[{"id": 1}])))
    slack.run(slack.deliver(edit(slack, user, question(KEY), "what", edited={"user": user, "ts": "2.2"})))
    (post,) = posts(slack, user)
    assert opening(KEY, "slack") in post["text"]


def test_a_file_is_refused_and_the_words_beside_it_are_answered(slack: SlackStandIn, user: str) -> None:
    ask(slack, user, "", subtype="file_share", files=[{"id": "F1", "mimetype": "image/png"}])
    (refusal,) = posts(slack, user)
    assert voice("utter_no_media") in refusal["text"]
    ask(slack, user, question(KEY), subtype="file_share", files=[{"id": "F2", "mimetype": "image/png"}])
    _, again, answer = posts(slack, user, 3)
    assert again["text"] == refusal["text"] and opening(KEY, "slack") in answer["text"]


def test_references_are_read_as_people_wrote_them(running: Running, slack: SlackStandIn, user: str) -> None:
    ask(
        slack,
        user,
        "<@UBOT> is &lt;5 &amp; <https://example.com|this page> or <mailto:a@example.com|mail> <!here> bad",
    )
    posts(slack, user)
    assert said(running, f"slack-{TEAM}-{user}") == ["is <5 & this page or mail  bad".replace("  ", " ")]


def test_a_tap_takes_its_button_away_and_is_answered(slack: SlackStandIn, user: str) -> None:
    ask(slack, user, question("causes/overview"))
    (post,) = posts(slack, user)
    tap = slack.tap(user, post, "say-0")
    title = tap["actions"][0]["text"]["text"]
    slack.run(slack.deliver(tap))
    _, answer = posts(slack, user, 2)
    assert answer["text"].startswith(f"*{title}*\n\n")
    wait_for(lambda: post.get("updated"))
    left = [
        e["action_id"] for block in post["blocks"] if block["type"] == "actions" for e in block["elements"]
    ]
    assert "say-0" not in left and "say-1" in left
    assert any(
        title in block["elements"][0].get("text", "")
        for block in post["blocks"]
        if block["type"] == "context"
    )


def test_a_tap_delivered_twice_is_answered_once(slack: SlackStandIn, user: str) -> None:
    ask(slack, user, question("causes/overview"))
    tap = slack.tap(user, posts(slack, user)[0], "say-1")
    for _ in range(2):
        slack.run(slack.deliver(tap))
    ask(slack, user, question(KEY))
    assert opening(KEY, "slack") in posts(slack, user, 3)[2]["text"]


def test_a_button_whose_answer_has_gone_asks_with_its_words(
    running: Running, slack: SlackStandIn, user: str
) -> None:
    ask(slack, user, question("causes/overview"))
    tap = slack.tap(user, posts(slack, user)[0], "say-0")
    tap["actions"][0]["value"] = '/session_start{"slot": "x"}'
    slack.run(slack.deliver(tap))
    posts(slack, user, 2)
    assert said(running, f"slack-{TEAM}-{user}")[-1] == tap["actions"][0]["text"]["text"]


def test_other_controls_are_acknowledged_and_ignored(slack: SlackStandIn, user: str) -> None:
    action = {"type": "checkboxes", "action_id": "c", "selected_options": []}
    base = {"team": {"id": TEAM}, "user": {"id": user}, "trigger_id": "9.9"}
    for payload in ({"type": "block_actions", "actions": [action]}, {"type": "block_actions", "actions": []}):
        assert slack.run(slack.send({**base, **payload}))[0] == 200
    only_answer(slack, user)


def test_the_home_page_shows_topics_that_can_be_tapped(slack: SlackStandIn, user: str) -> None:
    slack.run(slack.deliver(slack.event(type="app_home_opened", user=user, channel=direct(user), tab="home")))
    home = wait_for(lambda: [p for p in slack.posts if p.get("home") == user])[0]
    element = home["blocks"][1]["elements"][0]
    tap = {
        "type": "block_actions", "team": {"id": TEAM}, "user": {"id": user}, "trigger_id": f"home.{user}",
        "container": {"type": "view", "view_id": "V1"}, "view": {"id": "V1", "type": "home"},
        "actions": [{**element, "action_ts": slack.ts()}],
    }  # fmt: skip
    slack.run(slack.deliver(tap))
    assert posts(slack, user)[0]["text"].startswith(f"*{element['text']['text']}*")


def test_a_long_message_costs_nobody_time(slack: SlackStandIn, user: str) -> None:
    ask(slack, user, "why " * 10_000)
    assert voice("utter_too_long") in posts(slack, user)[0]["text"]
    assert slack.run(slack.send(slack.message(user, "x" * 600_000)))[0] == 413


def test_a_flood_is_told_so_once(slack: SlackStandIn, user: str) -> None:
    for _ in range(14):
        slack.run(slack.deliver(slack.message(user, question(KEY))))
    seen = at_least(9, lambda: slack.seen_by(user))
    notices = [post for post in seen if voice("utter_rate_limited") in post["text"]]
    assert len(seen) == 9 and len(notices) == 1


@pytest.mark.parametrize("typed", ['/session_start{"x": "y"}', "//restart", "\u200b/back"])
def test_a_typed_slash_is_a_word_and_no_command(
    running: Running, slack: SlackStandIn, user: str, typed: str
) -> None:
    ask(slack, user, typed)
    posts(slack, user)
    assert said(running, f"slack-{TEAM}-{user}") == [typed.strip("\u200b/")]


@pytest.mark.parametrize("output", ["slack", "latest"])
def test_the_clinic_may_speak_first(running: Running, slack: SlackStandIn, user: str, output: str) -> None:
    ask(slack, user, question(KEY))
    posts(slack, user)
    assert trigger(running, f"slack-{TEAM}-{user}", output) == 200
    assert voice("utter_rephrase") in posts(slack, user, 2)[1]["text"]


def test_no_secret_and_no_question_is_in_the_log(running: Running, slack: SlackStandIn, user: str) -> None:
    ask(slack, user, "a very private zebra question")
    posts(slack, user)
    assert SIGNING_SECRET not in running.log and "xoxb-" not in running.log and "zebra" not in running.log
