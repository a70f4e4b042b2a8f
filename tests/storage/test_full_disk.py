"""A full disk, a real one where mounting is permitted: people are answered, and what waits is written later."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, UserUttered
from sqlalchemy.engine import Engine

from hair_answers.channels.deduplication import Inbox
from hair_answers.storage.tracker_store import PrivateTrackerStore

DOMAIN = Domain.from_yaml("version: '3.1'\nintents: [ask]")


class SmallDisk:
    """A file system of one megabyte that can be filled to the last byte."""

    how = "a file system of 1 MB, filled"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self, _: Engine) -> None:
        with pytest.raises(OSError, match="No space left"), (self.folder / "filler").open("wb", 0) as filler:
            while True:
                filler.write(b"x" * 512)

    def make_room(self, _: Engine) -> None:
        (self.folder / "filler").unlink()


class PageLimit(SmallDisk):
    """SQLite's own limit, which it reports as a full disk."""

    how = "SQLite's page limit: mounting is not permitted here"

    def fill(self, engine: Engine) -> None:
        with engine.connect() as connection:
            self._limit(engine, connection.execute(sa.text("PRAGMA page_count")).scalar())

    def make_room(self, engine: Engine) -> None:
        self._limit(engine, 1_000_000)

    def _limit(self, engine: Engine, pages: int) -> None:
        engine.dispose()

        @sa.event.listens_for(engine, "checkout")
        def limit(connection: sqlite3.Connection, *_: object) -> None:
            connection.execute(f"PRAGMA max_page_count={pages}")


@pytest.fixture
def disk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[SmallDisk]:
    """The smallest disk this machine can make."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = (
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True
        ).returncode
        == 0
    )
    found = SmallDisk(folder) if mounted else PageLimit(folder)
    with capsys.disabled():
        print(f"[disk full: {found.how}]", end="")
    yield found
    if mounted:
        subprocess.run(["umount", "--lazy", folder], check=True)


async def say(store: PrivateTrackerStore, text: str) -> str:
    """Have a turn; return what the conversation knows as its latest message."""
    tracker = await store.get_or_create_tracker("s")
    for event in (
        UserUttered(text, {"name": "ask"}),
        BotUttered("An answer."),
        ActionExecuted("action_listen"),
    ):
        tracker.update(event)
    await store.save(tracker)
    return str(tracker.latest_message.text)


def said(folder: Path) -> list[str]:
    with sqlite3.connect(folder / "chat.db") as connection:
        rows = connection.execute("SELECT data FROM events WHERE type_name = 'user' ORDER BY id")
        return [json.loads(row[0])["text"] for row in rows]


async def test_a_full_disk_loses_no_answer_and_no_event(disk: SmallDisk) -> None:
    store = PrivateTrackerStore(DOMAIN, db=str(disk.folder / "chat.db"))
    await say(store, "first")
    disk.fill(store.engine)
    texts = [f"message {number} {'x' * 400}" for number in range(30)]
    assert [await say(store, text) for text in texts] == texts
    assert store.is_away and store.queue_depth > 0
    disk.make_room(store.engine)
    assert store._retry is not None
    await asyncio.wait_for(store._retry, 10)
    assert said(disk.folder) == ["first", *texts]
    assert not store.is_away and store.queue_depth == 0
    store.engine.dispose()


def test_a_full_disk_costs_no_event_of_a_platform(disk: SmallDisk) -> None:
    inbox = Inbox(disk.folder / "deliveries.db")
    disk.fill(sa.create_engine("sqlite://"))
    taken = [inbox.accept("slack", str(number), "x" * 400) for number in range(200)]
    assert all(taken)
    assert not inbox.accept("slack", "199", "x"), "an event that comes again is still known"
    inbox.close()
