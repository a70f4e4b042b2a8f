"""Nobody outside sets a slot, an intent, a channel or metadata, nor has a placeholder filled, whatever they type."""

from __future__ import annotations

import asyncio
import itertools
import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hair_answers.operations.training import ROOT
from hair_answers.storage.database import TABLE
from tests.channels.stand_ins.loopback import wait_for
from tests.channels.stand_ins.slack import TEAM
from tests.channels.talking import new_person, new_user
from tests.channels.website_line import connected
from tests.fuzz.effort import fuzzed_turns
from tests.fuzz.entry import Entry
from tests.fuzz.shapes import MARK, as_json, values
from tests.production import Production

pytestmark = pytest.mark.services

DOMAIN = yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8"))
INTENTS = [*DOMAIN["intents"], "restart", "session_start", "back", "slot", "nlu_fallback", "EXTERNAL: x"]
SLOTS = [*DOMAIN["slots"], *DOMAIN["entities"], "requested_slot", "session_started_metadata"]
PLACEHOLDERS = [*SLOTS, "clinic_name.__class__", "0.__class__", "__import__('os')", "clinic_phone!r", "7*7"]
slashes = st.sampled_from(("/", "//", " /", "\u200b/", "/\u200b", "/\ufeff"))
commands = st.builds(
    lambda slash, intent, slot, end: f"{slash}{intent}{json.dumps({slot: MARK})}{end}",
    slashes, st.sampled_from(INTENTS), st.sampled_from(SLOTS), st.sampled_from(("", "@1.0", f'@1.0{{"a":"{MARK}"}}')),
)  # fmt: skip
FORMS = ("{%s}", "{{%s}}", "${%s}", "{%s:>99999999}", "%%(%s)s", "[%s](subject)")
templates = st.builds(lambda form, name: form % name, st.sampled_from(FORMS), st.sampled_from(PLACEHOLDERS))
typed = st.one_of(commands, templates)


@pytest.fixture(scope="module")
def database(production: Production) -> Iterator[sa.engine.Engine]:
    engine = sa.create_engine(production.stack.database, poolclass=sa.pool.NullPool)
    yield engine
    engine.dispose()


def newest(engine: sa.engine.Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(sa.select(sa.func.coalesce(sa.func.max(TABLE.c.id), 0))).scalar())


def kept_of(engine: sa.engine.Engine, sender: str) -> list[dict[str, Any]]:
    """Wait for what is kept of a conversation: an answer goes out before its turn is stored."""
    wait_for(lambda: said_by(engine, sender), what="a stored turn")
    return said_by(engine, sender)


def said_by(engine: sa.engine.Engine, sender: str) -> list[dict[str, Any]]:
    return events(engine, TABLE.c.sender_id == sender)


def events(engine: sa.engine.Engine, which: Any) -> list[dict[str, Any]]:
    query = sa.select(TABLE.c.data).where(which).order_by(TABLE.c.id)
    with engine.connect() as connection:
        return [json.loads(row) for row in connection.execute(query).scalars()]


def check(found: list[dict[str, Any]], channel: str) -> None:
    """The conversation has what was typed as words, and nothing of it as anything else."""
    assert any(event["event"] == "user" for event in found)
    for event in found:
        if event["event"] == "user":
            assert event["input_channel"] == channel
            assert not event["text"].startswith("/")
            assert MARK not in json.dumps([event.get("metadata"), event["parse_data"].get("entities")])
        elif event["event"] == "slot":
            assert event["name"] in DOMAIN["slots"] or event["name"] in (
                "requested_slot",
                "session_started_metadata",
            )
            assert MARK not in json.dumps(event)
        elif event["event"] == "bot":
            assert "<class" not in str(event["text"]) and "built-in" not in str(event["text"])


@fuzzed_turns
@given(text=typed, stranger=values)
def test_rest(bot: Entry, database: sa.engine.Engine, text: str, stranger: Any) -> None:
    sender = uuid.uuid4().hex
    forged = {"user": MARK, "intent": {"name": "safety"}, "stranger": stranger}
    message = {
        "sender": sender, "message": text, "metadata": forged, "input_channel": "slack",
        "slots": {"handoff_name": MARK}, "parse_data": {"intent": {"name": "safety"}},
        "events": [{"event": "slot", "name": "handoff_name", "value": MARK}],
    }  # fmt: skip
    answer = bot.ask("POST", "/webhooks/rest/webhook", as_json(message), {"Content-Type": "application/json"})
    assert answer.is_proper
    if answer.status == 200:  # what is nothing but slashes is refused as empty
        check(said_by(database, sender), "rest")


PAIRS = itertools.islice(zip(INTENTS, itertools.cycle(SLOTS), strict=False), 0, None, 4)
SOME = [
    *(f'/{intent}{{"{slot}": "{MARK}"}}' for intent, slot in PAIRS),
    *(form % "clinic_name.__class__" for form in FORMS),
]


def test_website(production: Production, database: sa.engine.Engine) -> None:
    before = newest(database)

    async def talk() -> None:
        async with connected(production.address_of("bot1"), "websocket") as tab:
            await tab.call("session", {"fresh": True})
            forged = {
                "page": {"title": "t", "user": MARK},
                "slots": {"handoff_name": MARK},
                "metadata": {"user": MARK},
            }
            for number, text in enumerate(SOME):
                said = {"id": f"m{number}", "kind": "text", "text": text, **forged}
                assert await tab.call("say", said) == {"ok": True}
                # The same as a button that was never offered.
                button = {"id": f"b{number}", "kind": "button", "text": text, "ticket": "t", **forged}
                assert await tab.call("say", button) == {"error": "not_offered"}

    asyncio.run(talk())
    check(events(database, TABLE.c.id > before), "website")


def test_slack(production: Production, database: sa.engine.Engine) -> None:
    slack, people = production.slack, [new_user() for _ in SOME]
    for user, text in zip(people, SOME, strict=True):
        slack.run(slack.deliver(slack.message(user, text)))
    for user in people:
        wait_for(lambda user=user: slack.seen_by(user), what="an answer")
        check(kept_of(database, f"slack-{TEAM}-{user}"), "slack")


def test_telegram(production: Production, database: sa.engine.Engine) -> None:
    telegram, people = production.telegram, [new_person() for _ in SOME]
    for user, text in zip(people, SOME, strict=True):
        telegram.run(telegram.deliver(telegram.message(user, text)))
    for user in people:
        wait_for(lambda user=user: telegram.seen_in(user), what="an answer")
        check(kept_of(database, f"telegram-{user}"), "telegram")
