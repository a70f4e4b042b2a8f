"""Anything at all at every HTTP entry of a running bot: refused or answered, never a fault, never its insides."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.channels.stand_ins.loopback import wait_for
from tests.channels.stand_ins.slack import SIGNING_SECRET
from tests.channels.stand_ins.telegram import SECRET
from tests.channels.talking import new_person, new_user, question
from tests.fuzz.effort import fuzzed
from tests.fuzz.entry import Entry
from tests.fuzz.shapes import MARK, as_json, bodies, mutated, texts, values
from tests.production import Production

pytestmark = pytest.mark.services

REST, SLACK, TELEGRAM = (f"/webhooks/{name}/webhook" for name in ("rest", "slack", "telegram"))
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
MESSAGE = {"sender": "fuzz", "message": f"is {MARK} a cause", "metadata": {"a": [1]}, "input_channel": "rest"}
KEY = "causes/alopecia_areata"


@fuzzed
@given(body=st.one_of(mutated(MESSAGE).map(as_json), bodies))
def test_rest(bot: Entry, body: bytes) -> None:
    answer = bot.ask("POST", REST, body, {"Content-Type": JSON})
    assert answer.is_proper, answer
    parsed = json.loads(answer.body)
    assert parsed if answer.status == 200 else set(parsed["error"]) == {"code", "message"}


# Slack -------------------------------------------------------------------------------------------------------------


def signed(body: bytes, secret: str = SIGNING_SECRET) -> dict[str, str]:
    """Return headers as Slack's documentation computes them: its own verifier signs no bytes that are no text."""
    stamp = str(int(time.time()))
    digest = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}


@fuzzed
@given(data=st.data())
def test_slack_event(production: Production, bot: Entry, data: st.DataObject) -> None:
    event = production.slack.message(
        new_user(), f"is {MARK} a cause", files=[{"id": "F1"}], blocks=[{"type": "x"}]
    )
    body = data.draw(st.one_of(mutated(event).map(as_json), bodies))
    assert bot.ask("POST", SLACK, body, {"Content-Type": JSON, **signed(body)}).is_proper


@fuzzed
@given(data=st.data())
def test_slack_tap(production: Production, bot: Entry, data: st.DataObject) -> None:
    button = {
        "type": "button",
        "action_id": "say-0",
        "value": f"/{KEY}",
        "text": {"type": "plain_text", "text": MARK},
    }
    post = {
        "ts": "1.1",
        "text": "x",
        "channel": "D1",
        "blocks": [{"type": "actions", "block_id": "b", "elements": [button]}],
    }
    tap = production.slack.tap(new_user(), post, "say-0")
    payload = data.draw(st.one_of(mutated(tap).map(as_json), bodies))
    body = urlencode({"payload": payload}).encode()
    assert bot.ask("POST", SLACK, body, {"Content-Type": FORM, **signed(body)}).is_proper


@fuzzed
@given(data=st.data())
def test_slack_command(production: Production, bot: Entry, data: st.DataObject) -> None:
    command = data.draw(mutated(production.slack.command(new_user(), f"is {MARK} a cause")))
    fields = {str(name): str(value) for name, value in command.items()}
    body = urlencode(fields, errors="replace").encode()
    assert bot.ask("POST", SLACK, body, {"Content-Type": FORM, **signed(body)}).is_proper


@fuzzed
@given(
    body=bodies, kind=st.sampled_from((JSON, FORM, "", "text/plain")), secret=st.sampled_from(("", "0" * 32))
)
def test_slack_with_a_wrong_signature(bot: Entry, body: bytes, kind: str, secret: str) -> None:
    headers = signed(body, secret) if secret else {}
    assert bot.ask("POST", SLACK, body, {"Content-Type": kind, **headers}).status in (401, 413)


@fuzzed
@given(stamp=st.one_of(texts, st.sampled_from(("9" * 5_000, "²", "-1", "1e9"))), signature=texts)
def test_slack_with_anything_for_a_signature(bot: Entry, stamp: str, signature: str) -> None:
    given_headers = {"X-Slack-Request-Timestamp": header(stamp), "X-Slack-Signature": header(signature)}
    assert bot.ask("POST", SLACK, b"{}", given_headers).status in (400, 401)


def header(text: str) -> bytes:
    """Return a text as the bytes of a header: anything but what ends it."""
    return text.encode("utf-8", "replace").translate(None, b"\r\n\x00")


def test_slack_answers_right_afterwards(production: Production) -> None:
    slack, user = production.slack, new_user()
    slack.run(slack.deliver(slack.message(user, question(KEY))))
    wait_for(lambda: slack.seen_by(user), what="Slack's answer")


# Telegram ----------------------------------------------------------------------------------------------------------


@fuzzed
@given(data=st.data())
def test_telegram(production: Production, bot: Entry, data: st.DataObject) -> None:
    telegram, person = production.telegram, new_person()
    keyboard = {"inline_keyboard": [[{"text": MARK, "callback_data": "x"}]]}
    post = {"message_id": 1, "chat_id": person, "reply_markup": keyboard}
    group = {"id": -100, "type": "supergroup", "title": "x"}
    entities = [{"type": "mention", "offset": 0, "length": 4, "user": {"id": 1}}]
    update = data.draw(
        st.sampled_from(
            (
                telegram.message(person, f"is {MARK} a cause"),
                telegram.message(
                    person, f"/start {MARK}", chat=group, entities=entities, message_thread_id=5
                ),
                telegram.message(person, caption=MARK, photo=[{"file_id": "p"}]),
                telegram.tap(person, post, MARK),
            )
        )
    )
    body = data.draw(st.one_of(mutated(update).map(as_json), bodies))
    headers = {"Content-Type": JSON, "X-Telegram-Bot-Api-Secret-Token": SECRET}
    assert bot.ask("POST", TELEGRAM, body, headers).is_proper


@fuzzed
@given(body=bodies, secret=st.one_of(texts, st.just(SECRET[:-1])))
def test_telegram_with_a_wrong_secret(bot: Entry, body: bytes, secret: str) -> None:
    headers = {"Content-Type": JSON, "X-Telegram-Bot-Api-Secret-Token": header(secret)}
    assert bot.ask("POST", TELEGRAM, body, headers).status in (403, 413)


def test_telegram_answers_right_afterwards(production: Production) -> None:
    telegram, person = production.telegram, new_person()
    telegram.run(telegram.deliver(telegram.message(person, question(KEY))))
    wait_for(lambda: telegram.seen_in(person), what="Telegram's answer")


# Everything else that listens --------------------------------------------------------------------------------------

PLACES = (
    *(f"/webhooks/{name}/" for name in ("website", "rest", "slack", "telegram", "health")),
    *("/", "/chat", "/chat/", "/chat/widget.js", "/chat/page.css", "/chat/socket.io/", REST, SLACK, TELEGRAM),
    *(
        "/health/live",
        "/health/ready",
        "/metrics",
        "/model",
        "/domain",
        "/version",
        "/conversations/x/tracker",
    ),
)
HEADERS = "Origin Host Range If-None-Match Accept-Encoding X-Forwarded-For Upgrade Cookie".split()
KNOWN = st.sampled_from(("4", "polling", "websocket", "3", ""))
METHODS = ("GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "NONE")


@fuzzed
@given(
    method=st.sampled_from(METHODS),
    place=st.sampled_from(PLACES),
    tail=st.one_of(st.just(""), texts),
    query=st.dictionaries(texts, texts, max_size=3),
    headers=st.dictionaries(st.sampled_from(HEADERS), texts.map(header), max_size=3),
    body=st.one_of(st.none(), st.binary(max_size=50)),
)
def test_any_path(
    bot: Entry,
    method: str,
    place: str,
    tail: str,
    query: dict[str, str],
    headers: dict[str, bytes],
    body: bytes | None,
) -> None:
    path = place + quote(tail, errors="replace") + (f"?{urlencode(query, errors='replace')}" if query else "")
    answer = bot.ask(method, path, body, {**headers, "Authorization": header(tail)})
    assert answer.is_proper, (path, answer)
    assert b"confidence" not in answer.body, "Rasa's own interface is closed"


@fuzzed
@given(
    query=st.dictionaries(
        st.sampled_from("EIO transport sid t j b64".split()), st.one_of(KNOWN, texts), max_size=6
    ),
    body=st.one_of(st.none(), bodies),
)
def test_the_plain_http_fallback(bot: Entry, query: dict[str, str], body: bytes | None) -> None:
    method = "GET" if body is None else "POST"
    answer = bot.ask(method, f"/chat/socket.io/?{urlencode(query, errors='replace')}", body)
    assert answer.is_proper, answer


def say(value: object) -> bytes:
    """Return the event "say" as socket.io writes it."""
    return b"42" + as_json(["say", value])


@fuzzed
@given(packets=st.lists(st.one_of(st.binary(max_size=60), values.map(say)), max_size=4))
def test_packets_of_the_plain_http_fallback(bot: Entry, packets: list[bytes]) -> None:
    address = "/chat/socket.io/?EIO=4&transport=polling"
    opened = json.loads(bot.ask("GET", address).body[1:])
    for body in (b"40", b"\x1e".join(packets)):
        assert bot.ask("POST", f"{address}&sid={opened['sid']}", body).is_proper


# The action server -------------------------------------------------------------------------------------------------

CALL = {
    "next_action": "action_answer_follow_up", "sender_id": "fuzz", "version": "3.6.21", "domain": {"intents": ["x"]},
    "tracker": {
        "sender_id": "fuzz", "slots": {"requested_slot": None}, "paused": False, "latest_input_channel": "rest",
        "latest_message": {"text": MARK, "intent": {"name": "follow_up", "confidence": 1.0}, "entities": []},
        "events": [{"event": "user", "text": MARK, "timestamp": 1.0, "parse_data": {"intent": {"name": "cost"}}}],
        "active_loop": {}, "latest_action_name": "action_listen", "followup_action": None,
    },
}  # fmt: skip


@fuzzed
@given(body=st.one_of(mutated(CALL).map(as_json), bodies), packing=st.sampled_from(("", "deflate", "gzip")))
def test_the_action_server(actions: Entry, body: bytes, packing: str) -> None:
    answer = actions.ask("POST", "/webhook", body, {"Content-Type": JSON, "Content-Encoding": packing})
    # rasa_sdk says 500 for a call that no bot makes; only this machine's bot can hear it.
    assert answer.is_proper or set(json.loads(answer.body)) == {"error", "request_body"}, answer
    assert json.loads(actions.ask("GET", "/health").body) == {"status": "ok"}
