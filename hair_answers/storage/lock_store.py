"""One turn of a conversation at a time: in this process, and through Redis across processes.

Nothing wedges: a lock that its holder no longer renews (a killed server) ends in `LIFETIME` seconds.
Without Redis the bot goes on with the locks of its own process; sticky routing keeps a conversation there.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import AsyncIterator
from typing import Any

import redis.asyncio
from rasa.core.lock import TicketLock
from rasa.core.lock_store import LockError, LockStore
from rasa.utils.endpoints import EndpointConfig
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

LIFETIME = 6.0  # seconds a lock outlives its last renewal
RENEWAL = 1.5  # seconds between renewals
WAIT = 30.0  # seconds a message waits for the one before it
FIRST_POLL, LONGEST_POLL = 0.02, 0.25  # seconds between looks at a lock that another process holds
ANSWER_SECONDS = 1.0  # Redis answers within this, or counts as away
RETRY_SECONDS = 2.0  # Redis is left alone this long after a failure
PREFIX = "hair-answers:lock:"
# Only the holder may renew or release: the lock may have run out and be another's by now.
_RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end"
_RENEW = (
    "if redis.call('get', KEYS[1]) == ARGV[1]"
    " then return redis.call('pexpire', KEYS[1], ARGV[2]) else return 0 end"
)


class ConversationLocks(LockStore):
    """First come, first served within this process; no polling: a second message waits only for the first."""

    def __init__(self, endpoint_config: EndpointConfig | None = None) -> None:
        """Take no settings; the argument is what Rasa passes."""
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}
        super().__init__()

    @contextlib.asynccontextmanager
    async def lock(
        self, conversation_id: str, lock_lifetime: float = 0, wait_time_in_seconds: float = 0
    ) -> AsyncIterator[TicketLock]:
        """Hold the conversation; LockError when the message before it does not end."""
        lock, users = self._locks.get(conversation_id, (asyncio.Lock(), 0))
        self._locks[conversation_id] = (lock, users + 1)
        try:
            try:
                await asyncio.wait_for(lock.acquire(), WAIT)
            except asyncio.TimeoutError as error:
                raise LockError(f"the message before this one took more than {WAIT:.0f} s") from error
            try:
                async with self._everywhere(conversation_id):
                    yield TicketLock(conversation_id)
            finally:
                lock.release()
        finally:
            lock, users = self._locks[conversation_id]
            if users > 1:
                self._locks[conversation_id] = (lock, users - 1)
            else:
                del self._locks[conversation_id]

    @contextlib.asynccontextmanager
    async def _everywhere(self, conversation_id: str) -> AsyncIterator[None]:
        """Hold the conversation in other processes too; here there are none."""
        yield


class RedisLocks(ConversationLocks):
    """The same across processes: an atomic SET NX with a lifetime, renewed while the turn runs."""

    def __init__(self, endpoint_config: EndpointConfig) -> None:
        """Read url, port, db, username, password and use_ssl; connect at the first lock."""
        super().__init__()
        settings = endpoint_config.kwargs
        self._redis = redis.asyncio.Redis(
            host=endpoint_config.url or "127.0.0.1",
            port=int(settings.get("port") or 6379),
            db=int(settings.get("db") or 1),
            username=settings.get("username") or None,
            password=settings.get("password") or None,
            ssl=str(settings.get("use_ssl", False)).lower() == "true",
            socket_timeout=ANSWER_SECONDS,
            socket_connect_timeout=ANSWER_SECONDS,
        )
        self._away_until = 0.0

    @contextlib.asynccontextmanager
    async def _everywhere(self, conversation_id: str) -> AsyncIterator[None]:
        key, token = PREFIX + conversation_id, secrets.token_hex(8)
        held = await self._acquire(key, token)
        renewal = asyncio.ensure_future(self._renew(key, token)) if held else None
        try:
            yield
        finally:
            if renewal:
                renewal.cancel()
                await self._tell(self._redis.eval(_RELEASE, 1, key, token))

    async def _acquire(self, key: str, token: str) -> bool:
        """Wait for the lock; False when Redis is away, LockError when another process holds on to it."""
        deadline, pause = time.monotonic() + WAIT, FIRST_POLL
        while time.monotonic() < deadline:
            if time.monotonic() < self._away_until:
                return False
            answer = await self._tell(self._redis.set(key, token, nx=True, px=int(LIFETIME * 1000)))
            if answer:
                return True
            if self._is_away:
                return False
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, LONGEST_POLL)
        raise LockError(f"another process held this conversation for more than {WAIT:.0f} s")

    async def _renew(self, key: str, token: str) -> None:
        while True:
            await asyncio.sleep(RENEWAL)
            await self._tell(self._redis.eval(_RENEW, 1, key, token, str(int(LIFETIME * 1000))))

    async def _tell(self, request: Any) -> Any:
        """Ask Redis; None when it is away."""
        try:
            answer = await request
        except (RedisError, OSError, asyncio.TimeoutError) as error:
            if not self._is_away:
                logger.error(
                    "Redis does not answer (%s). Locks hold in this process only.", type(error).__name__
                )
            self._away_until = time.monotonic() + RETRY_SECONDS
            return None
        if self._is_away and time.monotonic() >= self._away_until:
            logger.warning("Redis is back.")
            self._away_until = 0.0
        return answer

    @property
    def _is_away(self) -> bool:
        return self._away_until > 0
