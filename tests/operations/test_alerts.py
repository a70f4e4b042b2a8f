"""A safety notice on its way: from a person's message to the clinic's desk, once, and without the person in it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from hair_answers.knowledge.library import Library
from hair_answers.operations import delivery, outbox, safety_log
from hair_answers.operations.outbox import Outbox, deliver_waiting
from hair_answers.operations.safety_log import SafetyLog, tell_clinic
from tests.channels.stand_ins.loopback import at_least
from tests.channels.stand_ins.slack import SlackStandIn
from tests.mailbox import Mailbox, running_mailbox

CLINIC = Library.default().clinic
CRISIS = "my name is Zebedee Quuxley and i want to kill myself"
SAID_BY_NOBODY = ("Zebedee", "Quuxley", "kill")


@pytest.fixture
def slack() -> Iterator[SlackStandIn]:
    server = SlackStandIn()
    server.start()
    yield server
    server.stop()


@pytest.mark.server
def test_a_notice_reaches_slack_once_after_slack_had_refused_it(
    copy_project: Callable[..., Path], new_bot: Callable[..., Any], slack: SlackStandIn, tmp_path: Path
) -> None:
    root = copy_project(
        ("safety: false", "safety: true"),
        ("target: outbox", "target: slack"),
        ("slack_webhook: null", "slack_webhook: SLACK_WEBHOOK"),
    )
    slack.faults["webhook"].append((500, {}, {}))
    address, sender = f"sqlite:///{tmp_path / 'outbox.db'}", f"zq-{uuid.uuid4().hex}"
    bot = new_bot(
        tmp_path / "log", root, SLACK_WEBHOOK=f"{slack.url}/services/desk", HAIR_ANSWERS_OUTBOX=address,
        HAIR_ANSWERS_SAFETY=f"sqlite:///{tmp_path / 'safety.db'}",
    )  # fmt: skip
    assert bot.answers(CRISIS, sender) == ["safety/self_harm"]
    (notice,) = at_least(1, lambda: slack.posts)
    assert bot.stop() == 0
    assert [call["method"] for call in slack.calls] == ["webhook", "webhook"]
    assert slack.posts == [notice]
    (request,) = Outbox(address).requests()
    assert request.target == "slack" and request.attempts == 1 and request.reference in notice["text"]
    assert "R01" in notice["text"] and "Nobody asked to be contacted" in notice["text"]
    for secret in (*SAID_BY_NOBODY, sender):
        assert secret not in str(slack.calls) + bot.log.read_text()


@pytest.fixture
def mail() -> Iterator[tuple[Mailbox, dict[str, str]]]:
    with running_mailbox(refusals=1) as running:
        yield running


def test_a_notice_reaches_the_desk_by_mail_once_after_the_server_had_refused_it(
    mail: tuple[Mailbox, dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox, settings = mail
    now = [1_800_000_000.0]
    box = Outbox(f"sqlite:///{tmp_path / 'outbox.db'}", lambda: now[0])
    monkeypatch.setattr(outbox, "shared_outbox", lambda: box)
    moment = datetime(2026, 11, 22, 9, 30, tzinfo=timezone.utc)
    log = SafetyLog(tmp_path / "safety.db", alerts=True, notify=tell_clinic, clock=lambda: moment)
    for rule, tier in (("R01", 0), ("R01", 0), ("R03", 1), ("R05", 2)):
        log.record(rule, tier)
    assert log.settle()
    clinic = replace(CLINIC, handoff=replace(CLINIC.handoff, target="email", email="desk@clinic.example"))
    send = delivery.sender_for(clinic, settings)
    assert send is not None
    assert deliver_waiting(box, send, "email") == 1  # the first is refused
    now[0] += outbox.FIRST_RETRY
    assert deliver_waiting(box, send, "email") == 1
    now[0] += outbox.DAY
    assert deliver_waiting(box, send, "email") == 0
    assert mailbox.asked == 3
    found = sorted(
        rule for rule in ("R01", "R03", "R05") for message in mailbox.messages if f"rule {rule}" in message
    )
    assert found == ["R01", "R03"]
    for message in mailbox.messages:
        assert "desk@clinic.example" in message and "Name:" not in message and "Contact:" not in message
    assert safety_log.ALERT_TIERS == (0, 1)
