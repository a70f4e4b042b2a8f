"""Publishes redacted events under pseudonyms to RabbitMQ: in order, at least once, never in a turn's way."""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from asyncio import AbstractEventLoop
from collections import deque
from typing import Any

import aio_pika
from rasa.core.brokers.pika import PikaEventBroker
from rasa.utils.endpoints import EndpointConfig

from hair_answers.storage.pseudonym import pseudonym

logger = logging.getLogger(__name__)

WAITING = 20_000  # events kept while RabbitMQ is away; then the oldest go, the database has them
RETRY_SECONDS = 1.0
SEND_SECONDS = 5.0
HANG_UP_SECONDS = 1.0

Waiting = tuple[str, dict[str, Any]]  # message id, event


class PrivateEventBroker(PikaEventBroker):
    """Rasa's broker waits for RabbitMQ at the start and logs events it cannot send; this one does neither."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take the settings of Rasa's pika broker."""
        super().__init__(*args, **kwargs)
        self._waiting: deque[Waiting] = deque(maxlen=WAITING)
        self._arrived = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None

    @classmethod
    async def from_endpoint_config(
        cls, broker_config: EndpointConfig | None, event_loop: AbstractEventLoop | None = None
    ) -> PrivateEventBroker | None:
        """Start at once; the connection is made, and made again, beside the conversations."""
        if broker_config is None:
            return None
        broker = cls(broker_config.url, **broker_config.kwargs, event_loop=asyncio.get_running_loop())
        broker._worker = broker._loop.create_task(broker._work())
        return broker

    def publish(self, event: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        """Put the event in the queue under the conversation's pseudonym."""
        hidden = {**event, "sender_id": pseudonym(str(event.get("sender_id")))}
        self._waiting.append((uuid.uuid4().hex, hidden))
        self._arrived.set()

    @property
    def queue_depth(self) -> int:
        """Events that wait to be sent."""
        return len(self._waiting)

    def is_ready(self) -> bool:
        """True: conversations do not need RabbitMQ."""
        return True

    async def close(self) -> None:
        """Send what waits if that is quick, then hang up."""
        if self._worker:
            for _ in range(20):
                if not self._waiting:
                    break
                await asyncio.sleep(0.1)
            self._worker.cancel()
        await super().close()

    async def _work(self) -> None:
        """Send events in their order; whatever fails is tried again."""
        away = False
        while True:
            try:
                if self._exchange is None:
                    await asyncio.wait_for(self._connect_once(), SEND_SECONDS)
                await self._send_waiting()
            except asyncio.CancelledError:
                raise
            except Exception as error:
                if not away:
                    logger.error(
                        "RabbitMQ does not answer (%s). Events wait in memory.", type(error).__name__
                    )
                away = True
                await self._hang_up()
                await asyncio.sleep(RETRY_SECONDS)
                continue
            if away:
                logger.warning("RabbitMQ is back and has every waiting event.")
            away = False
            await self._arrived.wait()
            self._arrived.clear()

    async def _send_waiting(self) -> None:
        while self._waiting:
            message_id, event = self._waiting[0]
            message = aio_pika.Message(
                json.dumps(event).encode(),
                content_type="application/json",
                message_id=message_id,
                app_id=self.rasa_environment,
                delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
            )
            assert self._exchange is not None
            await asyncio.wait_for(self._exchange.publish(message, ""), SEND_SECONDS)
            # It may have been pushed out meanwhile by newer ones.
            if self._waiting and self._waiting[0][0] == message_id:
                self._waiting.popleft()

    async def _connect_once(self) -> None:
        url = self._configure_url()
        where = {"host": self.host, "port": self.port, "login": self.username, "password": self.password}
        # A plain connection: this worker reconnects itself, and knows then what has not arrived.
        self._connection = await (aio_pika.connect(url) if url else aio_pika.connect(**where))
        channel = await self._connection.channel(publisher_confirms=True)
        self._exchange = await self._set_up_exchange(channel)

    async def _hang_up(self) -> None:
        connection: Any = self._connection
        self._connection = self._exchange = None  # type: ignore[assignment]
        if connection is not None:
            try:
                await asyncio.wait_for(connection.close(), HANG_UP_SECONDS)
            except Exception as error:
                logger.debug("Hanging up failed too: %s", type(error).__name__)
