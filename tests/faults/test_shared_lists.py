"""What several servers share besides conversations: call-back requests, opinions, safety counts, all in PostgreSQL."""

import os
import subprocess
import sys
import uuid

import pytest
import sqlalchemy as sa

from hair_answers.operations.feedback import Feedback
from hair_answers.operations.outbox import Outbox
from hair_answers.operations.safety_log import VARIABLE, SafetyLog
from tests.mailbox import running_mailbox

pytestmark = pytest.mark.services

CRISIS = "i want to kill myself"


@pytest.fixture
def outbox(stack):
    return Outbox(stack.database)


@pytest.fixture
def safety_counts(stack, monkeypatch):
    monkeypatch.setenv(VARIABLE, stack.database)
    return lambda: sum(row[3] for row in SafetyLog().counts() if row[1] == "R01")


def test_a_call_back_request_is_on_the_shared_list(person, outbox):
    for text in ("talk to a person", "yes", "Zebedee Quuxley", "212 555 0143"):
        said = person.say(text)
    (row,) = [row for row in outbox.requests() if row.sender == person.sender]
    assert (row.name, row.contact) == ("Zebedee Quuxley", "+12125550143")
    assert row.reference in said.text
    assert outbox.forget(person.sender) == 1


def test_an_opinion_is_on_the_shared_list(stack, person):
    before = len(Feedback(stack.database).all())
    person.say("what is prp")
    assert person.say("/feedback/helpful").answer == "feedback/helpful"
    opinions = Feedback(stack.database).all()
    assert len(opinions) == before + 1
    assert (opinions[-1].answer, opinions[-1].rating) == ("alternatives/prp", "up")


def test_a_safety_answer_is_counted_once_for_all_servers(person, other, safety_counts, eventually):
    before = safety_counts()
    for who, bot in ((person, "bot1"), (other, "bot2")):
        assert who.say(CRISIS, bot).answer == "safety/self_harm"
    eventually(lambda: safety_counts() == before + 2)


def test_a_safety_answer_waits_for_no_database_and_is_counted_when_it_is_back(
    stack, person, safety_counts, eventually
):
    before = safety_counts()
    stack.services["postgres"].stop()
    try:
        reply = person.say(CRISIS, "bot1")
    finally:
        stack.services["postgres"].start()
        stack.services["postgres"].wait()
    assert reply.answer == "safety/self_harm"
    assert reply.seconds < 5
    eventually(lambda: safety_counts() == before + 1)


def test_a_call_back_form_apologises_while_the_database_is_away_and_goes_on_after(stack, person, outbox):
    for text in ("talk to a person", "yes"):
        person.say(text, "bot1")
    stack.services["postgres"].stop()
    try:
        assert person.say("Zebedee Quuxley", "bot1").answer == "fallback/error"
    finally:
        stack.services["postgres"].start()
        stack.services["postgres"].wait()
    assert person.say("Zebedee Quuxley", "bot1").answer == "ask_handoff_contact"
    person.say("212 555 0143", "bot1")
    assert outbox.forget(person.sender) == 1


@pytest.fixture
def mail():
    with running_mailbox() as running:
        yield running


def test_two_delivery_services_deliver_each_request_once(
    stack, outbox, mail, copy_project, eventually, database
):
    mailbox, settings = mail
    with database.begin() as connection:
        connection.execute(sa.text("DELETE FROM requests"))
    root = copy_project(("target: outbox", "target: email"))
    environment = {**os.environ, **stack.environment(), **settings, "PYTHONPATH": str(root)}
    command = [sys.executable, "-m", "hair_answers.operations.outbox", "--deliver"]
    services = [subprocess.Popen(command, cwd=root, env=environment) for _ in range(2)]
    try:
        names = {f"Person {number}" for number in range(8)}
        for name in sorted(names):
            outbox.submit(uuid.uuid4().hex, name, "desk@clinic.example", "asked")
        eventually(lambda: all(row.delivered for row in outbox.requests()))
    finally:
        for service in services:
            service.terminate()
    assert [service.wait(10) for service in services] == [0, 0]
    assert len(mailbox.messages) == len(names)
    assert all(any(name in message for message in mailbox.messages) for name in names)
