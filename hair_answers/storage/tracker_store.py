"""The tracker store: keeps conversations without identifiers, survives its database, and can forget.

endpoints.yml names it as the `type` of `tracker_store`; the other keys there are the arguments below.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import logging
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import SQLTrackerStore, TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event, SessionStarted
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.orm import sessionmaker

from hair_answers.storage.database import (
    FAULTS,
    TABLE,
    Address,
    erase_conversation,
    make_engine,
    prepare,
    scrub,
)
from hair_answers.storage.private_events import PersonalValues, private_events, was_erased

logger = logging.getLogger(__name__)

Row = dict[str, Any]
Result = TypeVar("Result")

REFUSALS = (sa.exc.DataError, ValueError)  # faults of what is to be written, not of the database
HISTORY = 48  # events a turn loads: some eight turns; slots and an open form are carried over from before
STORED = "_hair_answers_stored"  # attribute on a tracker: how many of its events are in the database
ERASURES = "_hair_answers_erasures"  # attribute on a tracker: how often its conversation had been erased
RETRY_SECONDS = 1.0  # after a failure the database is left alone this long: people do not wait for it again
WAITING_ROWS = 20_000  # kept in memory while the database is away
REMEMBERED = 500  # conversations whose latest events are at hand while the database is away

_LATEST = sa.text(
    "SELECT id, type_name, data FROM events WHERE sender_id = :sender ORDER BY id DESC LIMIT :most"
)
# The last value of each slot, the open form and a pause, from the part of the session that is not loaded.
# +id keeps the planner off the index of ids: it would walk the whole session instead of the few rows of
# these kinds.
_CARRIED = sa.text(
    "SELECT id, type_name, data FROM events WHERE id IN (SELECT MAX(id) FROM events WHERE sender_id = :sender"
    " AND type_name IN ('slot', 'active_loop', 'pause', 'resume') AND +id < :before AND +id > COALESCE("
    "(SELECT MAX(+id) FROM events WHERE sender_id = :sender AND type_name = 'session_started'), 0)"
    " GROUP BY type_name, CASE WHEN type_name = 'slot' THEN action_name END) ORDER BY id"
)


class PrivateTrackerStore(SQLTrackerStore):
    """Redacts before it keeps, loads a bounded history, waits out a database that is away, erases at once."""

    def __init__(
        self,
        domain: Domain | None = None,
        dialect: str = "sqlite",
        host: str | None = None,
        port: int | str | None = None,
        db: str = ".state/conversations.db",
        username: str | None = None,
        password: str | None = None,
        query: dict[str, str] | None = None,
        event_broker: EventBroker | None = None,
        history: int = HISTORY,
        **kwargs: Any,
    ) -> None:
        """Connect lazily: a database that is away at the start is waited out as at any other time."""
        self.engine = make_engine(Address(dialect, host, port, db, username, password, query))
        self.sessionmaker = sessionmaker(bind=self.engine)
        self.history = history
        self.personal = PersonalValues()
        self._local = self.engine.dialect.name == "sqlite"
        self._ready = False
        self._away_until = 0.0
        self._waiting: deque[Row] = deque(maxlen=WAITING_ROWS)
        self._to_erase: set[str] = set()
        self._remembered: OrderedDict[str, list[Row]] = OrderedDict()
        self._erasures: OrderedDict[str, int] = OrderedDict()
        self._writing = (
            asyncio.Lock()
        )  # one writer: what comes meanwhile goes together in the next transaction
        self._retry: asyncio.Task[None] | None = None
        self.on_turn: Callable[[list[dict[str, Any]]], None] | None = (
            None  # told every turn's redacted events
        )
        TrackerStore.__init__(self, domain, event_broker, **kwargs)

    # What Rasa asks for -----------------------------------------------------------------------------------

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The conversation's latest session, its events bounded by `history`; None for a new conversation."""
        try:
            rows = await self._ask(functools.partial(self._read, sender_id))
        except REFUSALS:
            return None  # an id that no database takes has no conversation
        except FAULTS as error:
            self._went_away(error)
            rows = self._remembered.get(sender_id, [])
        else:
            rows = rows + [row for row in self._waiting if row["sender_id"] == sender_id]
        return self._rebuild(sender_id, rows)

    async def retrieve_full_tracker(self, conversation_id: str) -> DialogueStateTracker | None:
        """All sessions of the conversation, unbounded: for exports, never for a turn."""
        return self._rebuild(
            conversation_id, await self._ask(functools.partial(self._read_all, conversation_id))
        )

    async def keys(self) -> list[str]:
        """The ids of all stored conversations."""
        statement = sa.select(TABLE.c.sender_id).distinct()
        return await self._ask(lambda connection: [row[0] for row in connection.execute(statement)])

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Keep the turn's events without identifiers, or erase the conversation when the person said so."""
        try:
            await self._keep(tracker)
        except Exception as error:
            # Rasa's answer to an error here would be to publish the events as they are. Better none than
            # those.
            logger.error(
                "A turn's events could not be made private and were dropped (%s).", type(error).__name__
            )

    async def _keep(self, tracker: DialogueStateTracker) -> None:
        sender = tracker.sender_id
        erasures = getattr(tracker, ERASURES, None)
        if erasures is not None and erasures != self._erasures.get(sender, 0):
            return  # erased from outside while this turn ran
        new = list(tracker.events)[getattr(tracker, STORED, 0) :]
        if was_erased(new):
            await self.erase(sender)
            return
        kept = list(private_events(tracker, new, self.personal))
        rows = [row_of(sender, data) for data in kept]
        self._mark(tracker)
        self._remember(sender, rows)
        if self.on_turn:
            self.on_turn(kept)
        self._waiting.extend(rows)
        await self._write_waiting()
        for data in kept:
            self._publish({"sender_id": sender, **data})

    def _publish(self, event: dict[str, Any]) -> None:
        if self.event_broker:
            try:
                self.event_broker.publish(event)
            except Exception as error:
                logger.error("An event could not be published (%s).", type(error).__name__)

    def _mark(self, tracker: DialogueStateTracker) -> None:
        """Note on the tracker how much of it is stored, and in which life of the conversation."""
        setattr(tracker, STORED, len(tracker.events))
        setattr(tracker, ERASURES, self._erasures.get(tracker.sender_id, 0))

    @contextlib.contextmanager
    def session_scope(self) -> Iterator[sa.orm.Session]:
        """A session; unlike Rasa's own, a ValueError in it never ends the server."""
        session = self.sessionmaker()
        try:
            yield session
        finally:
            session.close()

    # Erasure ----------------------------------------------------------------------------------------------

    async def erase(self, sender_id: str) -> int:
        """Erase a conversation wherever this store and its broker keep it; return the number of rows."""
        self._erasures[sender_id] = self._erasures.pop(sender_id, 0) + 1
        while len(self._erasures) > REMEMBERED:
            self._erasures.popitem(last=False)
        self._waiting = deque((row for row in self._waiting if row["sender_id"] != sender_id), WAITING_ROWS)
        self._remembered.pop(sender_id, None)
        self.personal.forget(sender_id)
        self._to_erase.add(sender_id)
        self._publish({"sender_id": sender_id, "event": "erased", "timestamp": time.time()})
        removed = await self._write_waiting()
        if sender_id in self._to_erase:
            raise ConnectionError("the database is away; the conversation is erased as soon as it is back")
        await self._ask(lambda _: scrub(self.engine))
        return removed

    # Database ---------------------------------------------------------------------------------------------

    async def _write_waiting(self) -> int:
        """Write what waits, erase what must go, in one transaction; keep both for later when that fails."""
        async with self._writing:
            rows, erased = list(self._waiting), set(self._to_erase)
            if not rows and not erased:
                return 0
            self._waiting.clear()
            late = self._away_until > 0
            try:
                removed = await self._write_all(rows, erased, late)
            except FAULTS as error:
                # What came since is newer; what must be erased meanwhile is not kept.
                back = [row for row in rows if row["sender_id"] not in self._to_erase]
                self._waiting = deque([*back, *self._waiting], WAITING_ROWS)
                self._went_away(error)
                return 0
            self._to_erase -= erased
            if late:
                logger.warning(
                    "The conversation database is back; %d waiting events were written.", len(rows)
                )
                self._away_until = 0.0
            return removed

    async def _write_all(self, rows: Sequence[Row], erased: set[str], late: bool) -> int:
        """Write everything at once; an event that the database refuses does not keep the others waiting."""
        try:
            return await self._ask(lambda connection: self._write(connection, rows, erased, late))
        except REFUSALS:
            logger.error("The database refused an event; each is written by itself.")
        for row in rows:
            try:
                await self._ask(functools.partial(self._write, rows=[row], erased=set(), late=True))
            except REFUSALS as error:
                logger.error("A refused event was dropped (%s).", type(error).__name__)
        return await self._ask(functools.partial(self._write, rows=[], erased=erased, late=late))

    def _write(
        self, connection: sa.engine.Connection, rows: Sequence[Row], erased: set[str], late: bool
    ) -> int:
        # A connection that died while committing may have kept the rows: look before writing them again.
        if late:
            rows = [row for row in rows if not _is_stored(connection, row)]
        if rows:
            connection.execute(TABLE.insert(), rows)
        removed = 0
        for sender in sorted(erased):
            removed += erase_conversation(connection, sender)
        return removed

    async def _ask(self, work: Callable[[sa.engine.Connection], Result]) -> Result:
        """Run database work in a transaction; a remote database never holds up other people's turns."""
        if time.monotonic() < self._away_until:
            raise ConnectionError("the conversation database did not answer a moment ago")
        if self._local:
            return self._transact(work)
        return await asyncio.get_running_loop().run_in_executor(None, self._transact, work)

    def _transact(self, work: Callable[[sa.engine.Connection], Result]) -> Result:
        if not self._ready:
            prepare(self.engine)
            self._ready = True
        with self.engine.begin() as connection:
            return work(connection)

    def _went_away(self, error: Exception) -> None:
        if not self._away_until:
            # The class names the fault; its text may quote what somebody wrote.
            logger.error(
                "The conversation database does not answer (%s). Events wait in memory.", type(error).__name__
            )
        if time.monotonic() >= self._away_until:
            self._away_until = time.monotonic() + RETRY_SECONDS
        if self._retry is None or self._retry.done():
            self._retry = asyncio.get_running_loop().create_task(self._try_again())

    async def _try_again(self) -> None:
        """Write what waits as soon as the database is back, even when nobody writes any more."""
        while self._away_until:
            await asyncio.sleep(RETRY_SECONDS + 0.1)
            if not await self._is_back():
                self._away_until = time.monotonic() + RETRY_SECONDS
                continue
            await self._write_waiting()
            if not self._waiting and not self._to_erase:
                self._away_until = 0.0

    async def _is_back(self) -> bool:
        try:
            await self._ask(lambda connection: connection.execute(sa.text("SELECT 1")).scalar())
        except FAULTS:
            return False
        return True

    @property
    def queue_depth(self) -> int:
        """Events that wait for the database."""
        return len(self._waiting)

    @property
    def is_away(self) -> bool:
        """True while the database does not answer."""
        return self._away_until > 0

    def _read(self, sender_id: str, connection: sa.engine.Connection) -> list[Row]:
        """The latest events of the latest session, with the older slots and the open form they need."""
        asked = {"sender": sender_id, "most": self.history}
        rows = [dict(row) for row in connection.execute(_LATEST, asked).mappings()]
        rows.reverse()
        starts = [place for place, row in enumerate(rows) if row["type_name"] == SessionStarted.type_name]
        if starts:
            # Rasa logs "action_session_start" just before the session starts; it is no part of it.
            return rows[starts[-1] :]
        if len(rows) < self.history:
            return rows
        first = next((place for place, row in enumerate(rows) if row["type_name"] == "user"), 0)
        asked = {"sender": sender_id, "before": rows[first]["id"]}
        return [dict(row) for row in connection.execute(_CARRIED, asked).mappings()] + rows[first:]

    @staticmethod
    def _read_all(sender_id: str, connection: sa.engine.Connection) -> list[Row]:
        everything = sa.select(TABLE.c.data).where(TABLE.c.sender_id == sender_id).order_by(TABLE.c.id)
        return [row._asdict() for row in connection.execute(everything)]

    # Trackers ---------------------------------------------------------------------------------------------

    def _rebuild(self, sender_id: str, rows: Sequence[Row]) -> DialogueStateTracker | None:
        if not rows or not self.domain:
            return None
        events = [event for row in rows if (event := event_of(json.loads(row["data"])))]
        tracker = DialogueStateTracker.from_events(sender_id, events, self.domain.slots)
        self._mark(tracker)
        for name, value in self.personal.of(sender_id).items():
            if name in tracker.slots:
                tracker.slots[name].value = value
        return tracker

    def _remember(self, sender_id: str, rows: Sequence[Row]) -> None:
        """Keep the latest redacted events at hand for the time the database is away."""
        kept = [*self._remembered.pop(sender_id, []), *rows]
        self._remembered[sender_id] = kept[-self.history :]
        while len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)


def row_of(sender_id: str, data: dict[str, Any]) -> Row:
    """The database row of a redacted event."""
    return {
        "sender_id": sender_id,
        "type_name": data["event"],
        "timestamp": data.get("timestamp"),
        "intent_name": ((data.get("parse_data") or {}).get("intent") or {}).get("name"),
        "action_name": data.get("name"),
        "data": json.dumps(data),
    }


def event_of(data: dict[str, Any]) -> Event | None:
    """Rasa's event for its stored data; None for a kind this release does not know."""
    kind = _event_class(data["event"])
    # Rasa's own Event.from_parameters() searches all subclasses anew for every event.
    return (
        kind._from_parameters({name: value for name, value in data.items() if name != "event"})
        if kind
        else None
    )


@functools.lru_cache(maxsize=64)
def _event_class(type_name: str) -> type[Event] | None:
    return Event.resolve_by_type(type_name)


def _is_stored(connection: sa.engine.Connection, row: Row) -> bool:
    same = [TABLE.c[name] == row[name] for name in ("sender_id", "type_name", "timestamp", "data")]
    return connection.execute(sa.select(TABLE.c.id).where(*same).limit(1)).first() is not None
