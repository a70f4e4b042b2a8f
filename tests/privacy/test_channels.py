"""200 made-up identifiers through every channel of the running production stack: none is kept anywhere."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from hair_answers.operations.training import ROOT
from hair_answers.storage.database import TABLE
from tests.channels.stand_ins.loopback import at_least, wait_for
from tests.channels.talking import new_person, new_user
from tests.channels.website_line import connected
from tests.privacy.keeping import archive_all, everything_kept
from tests.privacy.planting import Forger, Planted, left_in
from tests.production import BOTS, Production

pytestmark = pytest.mark.services

COUNT = 200  # messages a channel
SECONDS = 60.0  # for an answer, while a thousand others wait for theirs
Texts = Sequence[str]


def shared_out(texts: Texts, size: int) -> Iterator[Texts]:
    """Yield the messages of one person after the other, `size` for each: the platforms bound what one may say."""
    yield from (texts[at : at + size] for at in range(0, len(texts), size))


def through_rest(production: Production, texts: Texts) -> None:
    address = f"{production.stack.url}/webhooks/rest/webhook"
    with requests.Session() as session:
        for number, said in enumerate(shared_out(texts, 10)):
            sender = f"planted-{number}"
            session.headers["X-Conversation"] = sender
            for text in said:
                answer = session.post(address, json={"sender": sender, "message": text}, timeout=60)
                assert answer.status_code == 200 and answer.json()


async def through_website(address: str, texts: Texts, transport: str) -> None:
    heard = []
    async with connected(address, transport) as tab:
        tab.on("bot", heard.append)
        for said in shared_out(texts, 10):
            page = {"page": f"https://clinic.example/a?who={said[0][:20]}", "title": said[1], "lang": "en"}
            assert (await tab.call("session", {"fresh": True}))["fresh"]
            for number, text in enumerate(said):
                message = {"id": f"m{number}", "kind": "text", "text": text, "page": page}
                assert await tab.call("say", message) == {"ok": True}
        assert len(heard) >= len(texts)


def through_websocket(production: Production, texts: Texts) -> None:
    asyncio.run(through_website(production.stack.url, texts, "websocket"))


def through_long_polling(production: Production, texts: Texts) -> None:
    # At one bot: nginx would take so many requests from one address for an attack.
    asyncio.run(through_website(production.address_of("bot1"), texts, "polling"))


def through_slack(production: Production, texts: Texts) -> None:
    slack, people = production.slack, []
    for said in shared_out(texts, 3):
        people.append((new_user(), len(said)))
        for text in said:
            slack.run(
                slack.deliver(slack.message(people[-1][0], as_slack_writes(text), user_profile=PROFILE))
            )
    for user, count in people:
        at_least(count, lambda user=user: slack.seen_by(user), SECONDS)


def as_slack_writes(text: str) -> str:
    """Return a message as Slack hands it over: links and addresses marked up."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    linked = re.sub(r"https?://\S+", lambda match: f"<{match.group()}>", escaped)
    return re.sub(
        r"(?<![\S:/])[\w.+-]+@[\w-]+\.[\w.-]*\w",
        lambda match: f"<mailto:{match.group()}|{match.group()}>",
        linked,
    )


def through_telegram(production: Production, texts: Texts) -> None:
    telegram, people = production.telegram, []
    wait_for(lambda: telegram.webhook, what="the webhook")
    for said in shared_out(texts, 3):
        people.append((new_person(), len(said)))
        sender = {"id": people[-1][0], "is_bot": False, "language_code": "en", **PROFILE}
        for text in said:
            telegram.run(telegram.deliver(telegram.message(people[-1][0], text, **{"from": sender})))
    for user, count in people:
        at_least(count, lambda user=user: telegram.seen_in(user), SECONDS)


# What the platforms tell about a person besides the words.
PROFILE = {
    "first_name": "Hieronymus",
    "last_name": "Plumptreeson",
    "username": "plumptree_h77",
    "real_name": "H Plumptreeson",
}
CHANNELS: dict[str, Callable[[Production, Texts], None]] = {
    "REST": through_rest,
    "website by websocket": through_websocket,
    "website by long polling": through_long_polling,
    "Slack": through_slack,
    "Telegram": through_telegram,
}
MARKS = {"[NAME]", "[EMAIL]", "[PHONE]", "[ADDRESS]", "[DATE]", "[NUMBER]", "[CARD]", "[LINK]", "[ACCOUNT]"}


@pytest.fixture(scope="module")
def database(production: Production) -> Iterator[Engine]:
    engine = sa.create_engine(production.stack.database, poolclass=sa.pool.NullPool)
    yield engine
    engine.dispose()


def messages(engine: Engine) -> Counter[str]:
    """Count the stored messages by channel."""
    with engine.connect() as connection:
        rows = connection.execute(sa.select(TABLE.c.data).where(TABLE.c.type_name == "user")).scalars()
        return Counter(str(json.loads(row).get("input_channel")) for row in rows)


def waiting(production: Production) -> int:
    """Count the platforms' events that are kept until they are answered."""
    files = [production.folder / f"{bot}-deliveries.db" for bot in BOTS]
    query = "select count(*) from deliveries where event is not null"
    counts = []
    for file in files:
        with sqlite3.connect(file) as connection:
            counts.append(connection.execute(query).fetchone()[0])
    return sum(counts)


@pytest.fixture(scope="module")
def kept(production: Production, database: Engine) -> dict[str, str]:
    """Everything that is kept once 200 identifiers were told in every channel, before and after it is archived."""
    with ThreadPoolExecutor(len(CHANNELS)) as pool:
        told = [pool.submit(send, production, texts(channel)) for channel, send in CHANNELS.items()]
        for one in told:
            one.result()
    complain(production, [message.text for message in complaints()])
    wait_for(lambda: waiting(production) == 0, seconds=SECONDS, what="an empty inbox")
    wait_for(
        lambda: sum(messages(database).values()) >= COUNT * len(CHANNELS),
        what="every message in the database",
    )
    queued = {
        place: text for place, text in everything_kept(production, database).items() if "rabbitmq" in place
    }
    asyncio.run(archive_all(production.stack, database))
    return everything_kept(production, database) | {
        f"before: {place}": text for place, text in queued.items()
    }


def planted(channel: str) -> list[Planted]:
    return list(Forger(channel).planted(COUNT))


def texts(channel: str) -> Texts:
    return [message.text for message in planted(channel)]


def complaints() -> list[Planted]:
    return list(Forger("complaints").planted(10))


def complain(production: Production, reasons: Texts) -> None:
    """Say that an answer did not help, with a reason that nobody should have written down."""
    address = f"{production.stack.url}/webhooks/rest/webhook"
    for number, reason in enumerate(reasons):
        for text in ("what is prp", "/feedback/not_helpful", f"it is all wrong. {reason}"):
            message = {"sender": f"complaint-{number}", "message": text}
            assert requests.post(address, json=message, timeout=60).json()


@pytest.mark.parametrize("channel", CHANNELS)
def test_200_planted_identifiers_are_in_no_table_no_file_no_queue_and_no_log(
    kept: dict[str, str], channel: str
) -> None:
    secrets = {secret for message in planted(channel) for secret in message.secrets}
    assert len(secrets) > COUNT * 0.9
    assert left_in(kept, secrets) == set()


def test_what_a_platform_tells_about_a_person_is_kept_nowhere(kept: dict[str, str]) -> None:
    assert left_in(kept, PROFILE.values()) == set()


def test_a_complaint_is_kept_without_who_made_it(kept: dict[str, str]) -> None:
    assert "all wrong" in kept["table opinions"]
    secrets = {secret for message in complaints() for secret in message.secrets}
    assert left_in(kept, secrets) == set()


@pytest.mark.parametrize("table", ["events", "event_archive"])
def test_what_was_planted_did_arrive(kept: dict[str, str], database: Engine, table: str) -> None:
    stored = messages(database)
    assert stored["rest"] >= COUNT and stored["website"] >= 2 * COUNT
    assert stored["slack"] >= COUNT and stored["telegram"] >= COUNT
    assert {mark for mark in MARKS if mark in kept[f"table {table}"]} == MARKS


def test_no_planted_identifier_is_in_the_report_made_of_them(
    production: Production, kept: dict[str, str], tmp_path: Path
) -> None:
    report = tmp_path / "insights.html"
    command = [sys.executable, "-m", "hair_answers.operations.insights", "--out", str(report)]
    environment = dict(production.stack.services["bot1"].environment)
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, timeout=120)
    text = report.read_text(encoding="utf-8")
    secrets = {secret for channel in CHANNELS for message in planted(channel) for secret in message.secrets}
    assert "seashells" in text, "questions without an answer are shown"
    assert left_in({"report": text}, secrets | set(PROFILE.values())) == set()
