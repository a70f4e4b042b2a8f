"""`python -m hair_answers.operations.archive`: keep what RabbitMQ carries in the archive, until stopped."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

import aio_pika
from sqlalchemy.engine import Engine

from hair_answers.operations.settings import archives, parser, run_command
from hair_answers.storage.archive import keep
from hair_answers.storage.database import FAULTS, NoDatabase, read_endpoints

logger = logging.getLogger(__name__)

AT_ONCE = 200  # messages RabbitMQ hands over before the first is acknowledged
RETRY_SECONDS = 2.0
POLL_SECONDS = 0.1


Message = aio_pika.abc.AbstractIncomingMessage


def store(engine: Engine, messages: Sequence[tuple[str, bytes]]) -> None:
    """Keep messages in one transaction; one that cannot be read is dropped, so that it blocks nothing."""
    with engine.begin() as connection:
        for message_id, body in messages:
            try:
                event = json.loads(body)
                event["sender_id"], event["event"]
            except (ValueError, KeyError, TypeError) as error:
                logger.error(
                    "Dropped a message of the event queue that is no event (%s).", type(error).__name__
                )
                continue
            keep(connection, message_id, event)


async def consume(engine: Engine, settings: dict[str, Any], idle_seconds: float | None = None) -> int:
    """Archive messages until cancelled, or until none came for `idle_seconds`; return how many.

    A message is acknowledged once it is kept: one that comes twice is kept once.
    """
    seen = 0
    connection = await aio_pika.connect(
        host=str(settings.get("url")),
        port=int(settings.get("port") or 5672),
        login=str(settings.get("username")),
        password=str(settings.get("password")),
    )
    arrived: asyncio.Queue[Message] = asyncio.Queue()
    async with connection:
        channel = await connection.channel()
        await channel.set_qos(prefetch_count=AT_ONCE)
        queue = await channel.declare_queue(settings["queues"][0], durable=True)
        await queue.consume(arrived.put)
        while batch := await _next(arrived, connection, idle_seconds):
            texts = [(message.message_id or str(message.delivery_tag), message.body) for message in batch]
            await asyncio.get_running_loop().run_in_executor(None, store, engine, texts)
            await batch[-1].ack(multiple=True)
            seen += len(batch)
    return seen


async def _next(
    arrived: asyncio.Queue[Message], connection: aio_pika.abc.AbstractConnection, idle_seconds: float | None
) -> list[Message]:
    """What has arrived, at least one message; empty when none came in time. ConnectionError when the line broke."""
    quiet = 0.0
    while arrived.empty():
        if connection.is_closed:
            raise ConnectionError("RabbitMQ hung up")
        if idle_seconds is not None and quiet >= idle_seconds:
            return []
        await asyncio.sleep(POLL_SECONDS)
        quiet += POLL_SECONDS
    return [arrived.get_nowait() for _ in range(min(arrived.qsize(), AT_ONCE))]


async def consume_forever(engine: Engine, settings: dict[str, Any]) -> None:
    """Start again whenever RabbitMQ or the database went away."""
    while True:
        try:
            await consume(engine, settings)
        except (aio_pika.exceptions.AMQPError, *FAULTS) as error:
            logger.error("Archiving stopped (%s); trying again.", type(error).__name__)
        await asyncio.sleep(RETRY_SECONDS)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until stopped."""
    given = parser("Archive published events.").parse_args(arguments)
    settings = read_endpoints(given.endpoints).get("event_broker")
    found = archives(given.endpoints)
    if not settings or not found:
        raise NoDatabase(
            f"{given.endpoints} needs event_broker and event_archive. See endpoints.production.yml."
        )
    # The first process of a container is not ended by SIGTERM unless it says so itself.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    logging.basicConfig(level=os.environ.get("LOG_LEVEL", "WARNING"))
    asyncio.run(consume_forever(found[0], settings))
    return 0


if __name__ == "__main__":
    sys.exit(run_command(main))
