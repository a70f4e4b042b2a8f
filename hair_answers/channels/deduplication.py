"""What has arrived and what has been answered, kept over a restart: nobody is left out or told twice."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

logger = logging.getLogger(__name__)

FILE = Path(".state/deliveries.db")
KEPT = 20_000  # ids; the platforms redeliver within a day
TRIM_EVERY = 1_000  # arrivals
RESUME_SECONDS = 3_600  # an older question is not answered out of the blue
TRIES = 2  # starts after which an event that never ended is given up: it may be what ends the process

_SCHEMA = """
create table if not exists deliveries (
    number integer primary key,
    channel text not null,
    id text not null,
    arrived real not null,
    tries integer not null default 0,
    event text,
    unique (channel, id)
);
create index if not exists waiting on deliveries (channel, number) where event is not null;
"""


@dataclass(frozen=True)
class Waiting:
    """An event that arrived before a restart and was not answered."""

    id: str
    event: str


class Inbox:
    """Ids of events in SQLite; the event itself only until somebody has heard the answer.

    One process a file. A file that cannot be opened costs the memory of restarts, never the channel.
    """

    def __init__(self, file: Path = FILE, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._since_trim = 0
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            self._store = _opened(file)
        except (OSError, sqlite3.Error) as error:
            self._go_on_in_memory(error)

    def accept(self, channel: str, event_id: str, event: str) -> bool:
        """Keep an event and return True; False when its id has been here before."""
        try:
            return self._insert(channel, event_id, event)
        except sqlite3.Error as error:  # such as a full disk: a person waits for an answer all the same
            self._go_on_in_memory(error)
            return self._insert(channel, event_id, event)

    def _insert(self, channel: str, event_id: str, event: str) -> bool:
        with self._store:
            cursor = self._store.execute(
                "insert or ignore into deliveries (channel, id, arrived, event) values (?, ?, ?, ?)",
                (channel, event_id, self._clock(), event),
            )
        self._trim()
        return cursor.rowcount == 1

    def answered(self, channel: str, event_id: str) -> None:
        """Forget an event's content; its id stays known."""
        try:
            self._forget(channel, event_id)
        except sqlite3.Error as error:
            self._go_on_in_memory(error)

    def _forget(self, channel: str, event_id: str) -> None:
        with self._store:
            self._store.execute(
                "update deliveries set event = null where channel = ? and id = ?", (channel, event_id)
            )
        self._empty_log()

    def _empty_log(self) -> None:
        """Empty the write-ahead log once nothing waits: it still holds what people wrote."""
        if not self._store.execute("select 1 from deliveries where event is not null limit 1").fetchone():
            self._store.execute("pragma wal_checkpoint(truncate)")

    def drop_old(self) -> None:
        """Forget the content of events that nobody will answer any more."""
        try:
            with self._store:
                self._store.execute(
                    "update deliveries set event = null where event is not null and arrived < ?",
                    (self._clock() - RESUME_SECONDS,),
                )
            self._empty_log()
        except sqlite3.Error as error:
            logger.warning("Old deliveries could not be forgotten (%s).", type(error).__name__)

    def resume(self, channel: str) -> list[Waiting]:
        """Return what an earlier process left unanswered, oldest first; what is too old is dropped."""
        with self._store:
            self._store.execute(
                "update deliveries set event = null where channel = ? and (arrived < ? or tries >= ?)",
                (channel, self._clock() - RESUME_SECONDS, TRIES),
            )
            self._store.execute(
                "update deliveries set tries = tries + 1 where channel = ? and event is not null", (channel,)
            )
        rows = self._store.execute(
            "select id, event from deliveries where channel = ? and event is not null order by number",
            (channel,),
        )
        return [Waiting(*row) for row in rows]

    def close(self) -> None:
        """Close the file."""
        self._store.close()

    def _go_on_in_memory(self, error: Exception) -> None:
        logger.error(
            "Deliveries cannot be kept on file (%s): ids are known until the next restart only.", error
        )
        self._store = _opened(Path(":memory:"))

    def _trim(self) -> None:
        self._since_trim += 1
        if self._since_trim < TRIM_EVERY:
            return
        self._since_trim = 0
        with self._store:
            self._store.execute(
                "delete from deliveries where event is null"
                " and number <= (select max(number) from deliveries) - ?",
                (KEPT,),
            )


def _opened(file: Path) -> sqlite3.Connection:
    store = sqlite3.connect(file, check_same_thread=False)
    # The write-ahead log survives the process without a disk flush; only a power cut may lose the last.
    store.execute("pragma journal_mode = wal")
    store.execute("pragma synchronous = normal")
    store.execute("pragma secure_delete = on")
    with store:
        store.executescript(_SCHEMA)
    return store
