"""People who talk to the production stack, and what it keeps of them."""

import json
import threading
import time
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass

import pytest
import sqlalchemy as sa

from hair_answers.operations.stack import Stack
from hair_answers.storage.database import TABLE


@dataclass(frozen=True)
class Reply:
    """What a person got: HTTP status (0 = the line broke), messages, seconds."""

    status: int
    messages: list
    seconds: float

    @property
    def text(self):
        return " ".join(message.get("text", "") for message in self.messages)

    @property
    def answer(self):
        return self.messages[0]["metadata"].get("answer") if self.messages else None


@dataclass
class Person:
    """Somebody who talks to the stack, through nginx or to one bot."""

    stack: Stack
    sender: str

    def say(self, text, bot=None, timeout=45):
        base = f"http://127.0.0.1:{self.stack.services[bot].port}" if bot else self.stack.url
        headers = {"Content-Type": "application/json", "X-Conversation": self.sender}
        body = json.dumps({"sender": self.sender, "message": text}).encode()
        request = urllib.request.Request(f"{base}/webhooks/rest/webhook", body, headers)
        started = time.monotonic()
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                status, messages = answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            status, messages = error.code, []
        except (OSError, ValueError):
            status, messages = 0, []
        return Reply(status, messages, time.monotonic() - started)

    def say_meanwhile(self, text, bot=None):
        """Send without waiting; call the result for the reply."""
        got = []
        thread = threading.Thread(target=lambda: got.append(self.say(text, bot)))
        thread.start()

        def reply():
            thread.join()
            return got[0]

        return reply

    def stored(self, engine, kind="user"):
        query = sa.select(TABLE.c.data).where(TABLE.c.sender_id == self.sender, TABLE.c.type_name == kind)
        with engine.connect() as connection:
            return [json.loads(row) for row in connection.execute(query.order_by(TABLE.c.id)).scalars()]


@pytest.fixture(scope="session")
def stack(production):
    return production.stack


@pytest.fixture
def database(stack):
    engine = sa.create_engine(stack.database, poolclass=sa.pool.NullPool)
    yield engine
    engine.dispose()


@pytest.fixture
def person(stack):
    return Person(stack, f"p-{uuid.uuid4().hex[:12]}")


@pytest.fixture
def other(stack):
    return Person(stack, f"o-{uuid.uuid4().hex[:12]}")


@pytest.fixture
def eventually():
    def wait(check, seconds=20):
        deadline = time.monotonic() + seconds
        while not check():
            assert time.monotonic() < deadline, f"still not so after {seconds} s"
            time.sleep(0.1)

    return wait
