"""Faults of the embedded store that need no other process: a full disk, a clock that jumps, locks, retention."""

import asyncio
import time

import pytest
import sqlalchemy as sa
from rasa.core.lock_store import LockError

from hair_answers.storage import lock_store
from hair_answers.storage.archive import ARCHIVE, keep, prepare_archive
from hair_answers.storage.database import TABLE, Address, make_engine, prepare
from hair_answers.storage.lock_store import ConversationLocks
from hair_answers.storage.retention import DAY, DailyPurge, purge
from hair_answers.storage.tracker_store import row_of


@pytest.fixture
def engine(tmp_path):
    engine = make_engine(Address(db=str(tmp_path / "chat.db")))
    prepare(engine)
    return engine


def put(engine, sender, when):
    with engine.begin() as connection:
        connection.execute(
            TABLE.insert(), [row_of(sender, {"event": "user", "timestamp": when, "text": "hello"})]
        )


def senders(engine):
    with engine.connect() as connection:
        return sorted(connection.execute(sa.select(TABLE.c.sender_id)).scalars())


def test_what_is_older_than_the_limit_goes_and_nothing_else(engine):
    now = time.time()
    put(engine, "old", now - 31 * DAY)
    put(engine, "new", now - 29 * DAY)
    assert purge(engine, 30, now) == 1
    assert senders(engine) == ["new"]


def test_the_daily_clean_up_runs_once_a_day(engine):
    now = [1_000 * DAY]
    daily = DailyPurge(engine, 30, clock=lambda: now[0], passed=lambda: now[0])
    put(engine, "old", now[0] - 31 * DAY)
    assert daily.run_if_due() == 1
    put(engine, "old", now[0] - 31 * DAY)
    assert daily.run_if_due() == 0
    now[0] += DAY
    assert daily.run_if_due() == 1


def test_a_clock_that_jumps_erases_nothing(engine, caplog):
    wall, real = [1_000 * DAY], [0.0]
    daily = DailyPurge(engine, 30, clock=lambda: wall[0], passed=lambda: real[0])
    daily.run_if_due()
    put(engine, "today", wall[0])
    wall[0] += 3_650 * DAY
    real[0] += DAY
    assert daily.run_if_due() == 0
    assert senders(engine) == ["today"]
    assert "clock jumped" in caplog.text


async def test_two_messages_of_one_person_wait_for_each_other_without_polling():
    locks, order = ConversationLocks(), []

    async def turn(name, seconds):
        async with locks.lock("s"):
            order.append(f"{name} begins")
            await asyncio.sleep(seconds)
            order.append(f"{name} ends")

    started = time.monotonic()
    await asyncio.gather(turn("first", 0.05), turn("second", 0))
    assert order == ["first begins", "first ends", "second begins", "second ends"]
    assert time.monotonic() - started < 0.5
    assert locks._locks == {}


async def test_another_person_does_not_wait():
    locks = ConversationLocks()
    async with locks.lock("a"):
        await asyncio.wait_for(_hold(locks, "b"), 1)


async def _hold(locks, sender):
    async with locks.lock(sender):
        pass


async def test_a_turn_that_never_ends_does_not_wedge_its_conversation(monkeypatch):
    monkeypatch.setattr(lock_store, "WAIT", 0.1)
    locks = ConversationLocks()
    async with locks.lock("s"):
        with pytest.raises(LockError):
            await _hold(locks, "s")
    await asyncio.wait_for(_hold(locks, "s"), 1)


def test_an_archived_event_is_kept_once_and_never_after_its_erasure(tmp_path):
    engine = make_engine(Address(db=str(tmp_path / "archive.db")))
    prepare_archive(engine)
    event = {"sender_id": "h", "event": "user", "timestamp": 10.0}
    with engine.begin() as connection:
        assert keep(connection, "1", event)
        assert not keep(connection, "1", event)
        keep(connection, "2", {"sender_id": "h", "event": "erased", "timestamp": 20.0})
        assert not keep(connection, "3", {**event, "timestamp": 15.0})
        assert connection.execute(sa.select(sa.func.count()).select_from(ARCHIVE)).scalar() == 0
        assert keep(connection, "4", {**event, "timestamp": 30.0})
