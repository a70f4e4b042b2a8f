"""A request is stored first, delivered once, tried again until it is, and gone when it is closed."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hair_answers.knowledge.library import Library
from hair_answers.operations import delivery, outbox
from hair_answers.operations.outbox import Outbox, Request, deliver_waiting, keep_delivering
from tests.mailbox import Mailbox, running_mailbox

CLINIC = Library.default().clinic
BY_EMAIL = replace(CLINIC, handoff=replace(CLINIC.handoff, target="email", email="desk@clinic.example"))


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def box(tmp_path: Path, clock: Clock) -> Outbox:
    return Outbox(f"sqlite:///{tmp_path / 'outbox.db'}", clock)


@pytest.fixture
def mail() -> Iterator[tuple[Mailbox, dict[str, str]]]:
    with running_mailbox() as running:
        yield running


def test_a_request_outlives_the_process(box: Outbox, clock: Clock) -> None:
    reference = box.submit("one", "Jane", "+12125550123", "asked")
    (row,) = Outbox(box.address, clock).requests()
    assert (row.reference, row.name, row.contact) == (reference, "Jane", "+12125550123")


def test_the_same_person_asking_twice_is_one_request(box: Outbox, clock: Clock) -> None:
    first = box.submit("one", "Jane", "+12125550123", "asked")
    assert box.submit("one", "Jane", "+12125550123", "asked") == first
    assert box.submit("two", "Jane", "+12125550123", "asked") != first
    clock.now += 2 * 86_400
    assert box.submit("one", "Jane", "+12125550123", "asked") != first


def test_closing_drops_the_details(box: Outbox) -> None:
    reference = box.submit("one", "Jane", "jane@example.com", "asked")
    assert box.close(reference.lower())
    assert not box.close(reference)
    (row,) = box.requests(closed=True)
    assert (row.name, row.contact) == ("", "")
    assert box.requests() == []


def test_erasing_a_conversation_takes_its_requests_and_drafts(box: Outbox) -> None:
    box.submit("one", "Jane", "jane@example.com", "asked")
    box.write_draft("one", "handoff_name", "Jane")
    assert box.forget("one") == 1
    assert (box.requests(closed=True), box.draft("one")) == ([], {})


def test_an_unfinished_form_is_forgotten(box: Outbox, clock: Clock) -> None:
    box.write_draft("one", "handoff_name", "Jane")
    assert box.draft("one") == {"handoff_name": "Jane"}
    clock.now += outbox.DRAFT_SECONDS + 1
    assert box.draft("one") == {}


def test_a_request_is_claimed_by_one_deliverer_and_given_back_when_it_dies(box: Outbox, clock: Clock) -> None:
    box.submit("one", "Jane", "jane@example.com", "asked")
    assert box.claim() is not None
    assert Outbox(box.address, clock).claim() is None
    clock.now += outbox.CLAIM_SECONDS + 1
    assert box.claim() is not None


def test_a_failing_target_is_tried_again_later_and_longer(box: Outbox, clock: Clock) -> None:
    box.submit("one", "Jane", "jane@example.com", "asked")

    def fail(request: Request) -> None:
        raise ConnectionError("down")

    waits = []
    for _ in range(3):
        assert deliver_waiting(box, fail, "email") == 0
        (row,) = box.requests()
        waits.append(row.next_try - clock.now)
        assert deliver_waiting(box, fail, "email") == 0, "not before its time"
        clock.now = row.next_try
    assert waits == [5, 10, 20]
    assert "failed tries" in outbox.table(box.requests())


def test_email_goes_out_once_after_the_server_recovers(box: Outbox, clock: Clock, mail: Any) -> None:
    mailbox, settings = mail
    reference = box.submit("one", "Jane Doe", "jane@example.com", "complaint")
    mailbox.broken = True
    send = delivery.sender_for(BY_EMAIL, settings)
    assert send is not None
    assert deliver_waiting(box, send, "email") == 0
    mailbox.broken = False
    clock.now += 6
    again = Outbox(box.address, clock)  # as after a restart
    assert deliver_waiting(again, send, "email") == 1
    assert deliver_waiting(again, send, "email") == 0
    (message,) = mailbox.messages
    for piece in (reference, "Jane Doe", "jane@example.com", "desk@clinic.example", "complaint"):
        assert piece in message


def test_the_deliverer_works_on_its_own(tmp_path: Path, mail: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    mailbox, settings = mail
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(outbox, "POLL_SECONDS", 0.02)
    box, stop = Outbox(f"sqlite:///{tmp_path / 'outbox.db'}"), threading.Event()
    thread = threading.Thread(target=keep_delivering, args=(stop, BY_EMAIL, box))
    thread.start()
    box.submit("one", "Jane", "jane@example.com", "asked")
    deadline = time.monotonic() + 10
    while not mailbox.messages and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.1)
    stop.set()
    thread.join(10)
    assert len(mailbox.messages) == 1
    assert box.requests()[0].delivered


def test_the_list_itself_needs_no_deliverer() -> None:
    keep_delivering(threading.Event(), CLINIC)  # returns at once


def test_a_missing_setting_names_the_cure() -> None:
    request = Request("HA-1", "Jane", "x", "asked", 0.0)
    with pytest.raises(delivery.CannotDeliver, match="SMTP_HOST"):
        delivery.send_email(request, BY_EMAIL, {})
    slack = replace(CLINIC, handoff=replace(CLINIC.handoff, target="slack", slack_webhook="SLACK_LINK"))
    with pytest.raises(delivery.CannotDeliver, match="SLACK_LINK"):
        delivery.post_to_slack(request, slack, {})


def test_the_command_shows_and_closes(box: Outbox, capsys: pytest.CaptureFixture[str]) -> None:
    reference = box.submit("one", "Jane", "jane@example.com", "asked")
    environment = {outbox.VARIABLE: box.address}
    assert outbox.main([], environment) == 0
    assert "jane@example.com" in capsys.readouterr().out
    assert outbox.main(["--close", reference], environment) == 0
    assert outbox.main(["--close", reference], environment) == 1
    assert outbox.main([], environment) == 0
    assert "No open requests." in capsys.readouterr().out
