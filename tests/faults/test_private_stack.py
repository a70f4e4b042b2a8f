"""Identifiers that people type are nowhere in the running stack; an erased conversation is gone from all of it."""

import asyncio
import itertools

import pytest
import sqlalchemy as sa

from hair_answers.operations.archive import consume
from hair_answers.storage.archive import ARCHIVE, prepare_archive
from hair_answers.storage.pseudonym import pseudonym

pytestmark = pytest.mark.services

NAMES = [f"{first} {last}" for first, last in itertools.product(
    ("Zelda", "Quentin", "Ottoline", "Ignatius", "Perpetua"),
    ("Featherstone", "Wigglesworth", "Throckmorton", "Cholmondeley", "Birdwhistle"),
)]  # fmt: skip
TEMPLATES = (
    ("my name is {0}, what is prp", 0),
    ("what is prp, write to zz{1}q@mailbox.example", "zz{1}q@mailbox.example"),
    ("call me on +44 20 7946 0{2:03d} about prp", "7946 0{2:03d}"),
    ("my mrn is QX{1}77 and i lose hair", "QX{1}77"),
    ("born on 1{3}/0{3}/19{4}, is minoxidil for me", "1{3}/0{3}/19{4}"),
    ("nhs number 943 476 {1}, what is prp", "476 {1}"),
    ("i live at {2} Quibblesnatch Street, where is a clinic", "Quibblesnatch"),
    ("see https://portal.example/r?token=tk{1}zz what is prp", "tk{1}zz"),
)


def planted():
    """200 messages, each with the secret in it."""
    for number in range(200):
        text, secret = TEMPLATES[number % len(TEMPLATES)]
        name = NAMES[number // 8 % len(NAMES)]
        values = (name, 5000 + number, number % 1000, number % 9 + 1, 50 + number % 49)
        yield text.format(*values), name if secret == 0 else secret.format(*values)


def settings(stack):
    return {
        "url": "127.0.0.1",
        "port": stack.ports["rabbitmq"],
        "username": "guest",
        "password": "guest",
        "queues": ["hair-answers-events"],
    }


async def archive_all(stack, engine):
    await consume(engine, settings(stack), idle_seconds=2)


async def test_200_planted_identifiers_are_in_no_store_no_queue_and_no_log(
    stack, person, database, monkeypatch
):
    prepare_archive(database)
    secrets = []
    for number, (text, secret) in enumerate(planted()):
        person.sender = f"planted-{number // 20}"
        assert person.say(text).messages
        secrets.append(secret)
    await archive_all(stack, database)
    kept = {"logs": "".join(service.log.read_text(errors="replace") for service in stack.services.values())}
    with database.connect() as connection:
        kept["database"] = " ".join(connection.execute(sa.text("SELECT data FROM events")).scalars())
        kept["archive"] = " ".join(connection.execute(sa.select(ARCHIVE.c.data)).scalars())
    assert "[EMAIL]" in kept["database"] and "[EMAIL]" in kept["archive"]
    found = {(where, secret) for where, text in kept.items() for secret in secrets if secret in text}
    assert found == set()


async def test_rabbitmq_may_go_and_every_event_still_arrives_once(stack, person, database):
    prepare_archive(database)
    person.say("what is prp")
    stack.services["rabbitmq"].stop()
    assert person.say("does it hurt").messages
    assert person.say("what does it cost").messages
    stack.services["rabbitmq"].start()
    stack.services["rabbitmq"].wait()
    await asyncio.sleep(3)
    await archive_all(stack, database)
    hidden = archived_as(stack, person)
    query = sa.select(sa.func.count()).where(ARCHIVE.c.conversation == hidden, ARCHIVE.c.kind == "user")
    with database.connect() as connection:
        assert connection.execute(query).scalar() == 3


async def test_an_erased_conversation_is_in_no_store(stack, person, database):
    prepare_archive(database)
    person.say("what is prp")
    person.say("delete my data")
    assert "erased" in person.say("/privacy_request/erase_now").text
    await archive_all(stack, database)
    with database.connect() as connection:
        left = sa.text("SELECT count(*) FROM events WHERE sender_id = :sender")
        assert connection.execute(left, {"sender": person.sender}).scalar() == 0
        query = sa.select(sa.func.count()).where(ARCHIVE.c.conversation == archived_as(stack, person))
        assert connection.execute(query).scalar() == 0


def archived_as(stack, person):
    """The pseudonym as the stack's bots make it, with their secret."""
    import hashlib
    import hmac

    secret = stack.environment()["HAIR_ANSWERS_SECRET"].encode()
    text = f"conversation:{person.sender}".encode()
    return hmac.new(secret, text, hashlib.sha256).hexdigest()[: len(pseudonym("x"))]
