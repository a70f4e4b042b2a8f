"""Erases what is older than the clinic's limit (retention_days in clinic.yml), by command and every day."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from hair_answers.storage.database import FAULTS, TABLE, prepare, scrub

logger = logging.getLogger(__name__)

DAY = 86_400.0  # seconds
CHECK_SECONDS = 3_600.0
BATCH = 5_000  # rows in one transaction: a big clean-up must not hold up people's turns
LARGEST_JUMP = 3_600.0  # seconds by which the clock may differ from the time really passed


def limit_of(days: int, now: float | None = None) -> float:
    """The moment before which everything goes, in seconds since 1970."""
    return (time.time() if now is None else now) - days * DAY


def purge(engine: Engine, days: int, now: float | None = None) -> int:
    """Delete events older than `days`; return how many."""
    old = (
        sa.select(TABLE.c.id).where(TABLE.c.timestamp < limit_of(days, now)).order_by(TABLE.c.id).limit(BATCH)
    )
    removed = 0
    while True:
        with engine.begin() as connection:
            ids = connection.execute(old).scalars().all()
            if ids:
                connection.execute(TABLE.delete().where(TABLE.c.id.in_(ids)))
        removed += len(ids)
        if len(ids) < BATCH:
            break
    if removed:
        scrub(engine)
    return removed


class DailyPurge:
    """Purges once a day while the bot runs; a clock that jumped erases nothing."""

    def __init__(
        self,
        engine: Engine,
        days: int,
        clock: Callable[[], float] = time.time,
        passed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine, self._days, self._clock, self._passed = engine, days, clock, passed
        self._started = (clock(), passed())
        self._next = clock()

    def clock_jumped(self) -> bool:
        """True when the clock moved by much more or less than the time that really passed."""
        wall, real = self._clock() - self._started[0], self._passed() - self._started[1]
        return abs(wall - real) > LARGEST_JUMP

    def run_if_due(self) -> int:
        """Purge when a day has passed since the last time; return the number of events removed."""
        if self._clock() < self._next:
            return 0
        if self.clock_jumped():
            logger.error(
                "The clock jumped, so old conversations are not erased. Cure: set the clock, restart the bot."
            )
            return 0
        prepare(self._engine)
        removed = purge(self._engine, self._days, self._clock())
        self._next = self._clock() + DAY
        return removed

    async def run_forever(self, also: Callable[[], Awaitable[object]] | None = None) -> None:
        """Look every hour, and do what else is daily work; a database that is away is asked again the next hour."""
        while True:
            try:
                removed = await asyncio.get_running_loop().run_in_executor(None, self.run_if_due)
                if removed:
                    logger.warning("Erased %d events older than %d days.", removed, self._days)
            except FAULTS as error:
                logger.error("Old conversations could not be erased (%s).", type(error).__name__)
            if also:
                await also()
            await asyncio.sleep(CHECK_SECONDS)
