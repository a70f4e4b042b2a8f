"""What is kept of a conversation survives a broker that goes, and is gone from every store when it is erased."""

import asyncio

import pytest
import sqlalchemy as sa

from hair_answers.storage.archive import ARCHIVE
from hair_answers.storage.pseudonym import pseudonym
from tests.privacy.keeping import archive_all

pytestmark = pytest.mark.services


async def test_rabbitmq_may_go_and_every_event_still_arrives_once(stack, person, database):
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
