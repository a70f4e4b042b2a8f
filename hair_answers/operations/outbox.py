"""The list of people who asked to be contacted: kept until the clinic has them, shown and closed by `make outbox`.

Contact details live here and nowhere else. A request is stored first and delivered after, by whoever runs
`keep_delivering`; a target that fails is tried again until it takes the request, and none is delivered twice.
"""

from __future__ import annotations

import argparse
import logging
import os
import secrets
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from hair_answers.knowledge.clinic import Clinic
from hair_answers.knowledge.library import PROJECT, Library
from hair_answers.storage.database import FAULTS, Tables

logger = logging.getLogger(__name__)

VARIABLE = "HAIR_ANSWERS_OUTBOX"  # a database address; the default is a file beside the other state
DEFAULT = f"sqlite:///{PROJECT / '.state' / 'outbox.db'}"
LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # nothing that reads like something else
REFERENCE_LENGTH = 6
DRAFT_SECONDS = 3600.0  # an unfinished form is forgotten after this
CLAIM_SECONDS = 60.0  # a deliverer that died in the middle gives the request back after this
FIRST_RETRY, LONGEST_RETRY = 5.0, 3600.0  # seconds
POLL_SECONDS = 2.0
DAY = 86_400.0

_metadata = sa.MetaData()
DRAFTS = sa.Table(
    "drafts", _metadata,
    sa.Column("sender", sa.String(64), primary_key=True),
    sa.Column("field", sa.String(32), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
    sa.Column("written", sa.Float, nullable=False),
)  # fmt: skip
REQUESTS = sa.Table(
    "requests", _metadata,
    sa.Column("reference", sa.String(16), primary_key=True),
    sa.Column("sender", sa.String(64), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("contact", sa.Text, nullable=False),
    sa.Column("reason", sa.String(32), nullable=False),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("closed", sa.Float),
    sa.Column("delivered", sa.Float),
    sa.Column("target", sa.String(16)),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("next_try", sa.Float, nullable=False, default=0.0),
    sa.Column("fault", sa.Text),
)  # fmt: skip


@dataclass(frozen=True)
class Request:
    """One person who asked to be contacted; times are Unix seconds."""

    reference: str
    name: str
    contact: str
    reason: str
    created: float

    @classmethod
    def of(cls, row: Row) -> Request:
        """Read a database row."""
        return cls(row.reference, row.name, row.contact, row.reason, row.created)


class Outbox:
    """Drafts of open forms, and the requests made of them."""

    def __init__(self, address: str | None = None, clock: Callable[[], float] = time.time) -> None:
        """Connect to `address`, else to the environment's, else to the file under .state/."""
        self.address = address or os.environ.get(VARIABLE) or DEFAULT
        self._clock = clock
        self._tables = Tables(self.address, _metadata)

    # Drafts --------------------------------------------------------------------------------------------

    def write_draft(self, sender: str, field: str, value: str) -> None:
        """Keep one field of an open form."""
        with self._tables.begin() as connection:
            where = sa.and_(DRAFTS.c.sender == sender, DRAFTS.c.field == field)
            connection.execute(DRAFTS.delete().where(where))
            connection.execute(
                DRAFTS.insert().values(sender=sender, field=field, value=value, written=self._clock())
            )

    def draft(self, sender: str) -> dict[str, str]:
        """Return the fields of a conversation's open form; forgotten ones are removed for everybody."""
        with self._tables.begin() as connection:
            connection.execute(DRAFTS.delete().where(DRAFTS.c.written < self._clock() - DRAFT_SECONDS))
            rows = connection.execute(sa.select(DRAFTS).where(DRAFTS.c.sender == sender))
            return {row.field: row.value for row in rows}

    def drop_draft(self, sender: str) -> None:
        """Forget a conversation's open form."""
        with self._tables.begin() as connection:
            connection.execute(DRAFTS.delete().where(DRAFTS.c.sender == sender))

    # Requests ------------------------------------------------------------------------------------------

    def submit(self, sender: str, name: str, contact: str, reason: str) -> str:
        """Store a request and return its reference; the same person asking again today keeps the first one."""
        now = self._clock()
        with self._tables.begin() as connection:
            same = sa.and_(
                REQUESTS.c.sender == sender,
                REQUESTS.c.contact == contact,
                REQUESTS.c.closed.is_(None),
                REQUESTS.c.created > now - DAY,
            )
            known = connection.execute(sa.select(REQUESTS.c.reference).where(same)).scalar()
            if known:
                return str(known)
            reference = "HA-" + "".join(secrets.choice(LETTERS) for _ in range(REFERENCE_LENGTH))
            row = {"sender": sender, "name": name, "contact": contact, "reason": reason, "created": now}
            connection.execute(REQUESTS.insert().values(reference=reference, attempts=0, next_try=0.0, **row))
            return reference

    def requests(self, closed: bool = False) -> list[Row]:
        """Return the open requests, oldest first; with `closed` all of them."""
        query = sa.select(REQUESTS).order_by(REQUESTS.c.created)
        with self._tables.begin() as connection:
            return list(connection.execute(query if closed else query.where(REQUESTS.c.closed.is_(None))))

    def close(self, reference: str) -> bool:
        """Mark a request as dealt with and drop its contact details; False when there is no such open one."""
        where = sa.and_(REQUESTS.c.reference == reference.strip().upper(), REQUESTS.c.closed.is_(None))
        done = REQUESTS.update().where(where).values(closed=self._clock(), name="", contact="")
        with self._tables.begin() as connection:
            return bool(connection.execute(done).rowcount)

    def forget(self, sender: str) -> int:
        """Erase everything of a conversation; return how many requests went."""
        self.drop_draft(sender)
        with self._tables.begin() as connection:
            return int(connection.execute(REQUESTS.delete().where(REQUESTS.c.sender == sender)).rowcount)

    # Delivery ------------------------------------------------------------------------------------------

    def claim(self) -> Request | None:
        """Take the next request that waits for delivery, so that no other deliverer takes it too."""
        now = self._clock()
        waiting = sa.and_(
            REQUESTS.c.delivered.is_(None), REQUESTS.c.closed.is_(None), REQUESTS.c.next_try <= now
        )
        with self._tables.begin() as connection:
            row = connection.execute(sa.select(REQUESTS).where(waiting).order_by(REQUESTS.c.created)).first()
            if row is None:
                return None
            mine = sa.and_(REQUESTS.c.reference == row.reference, waiting)
            taken = REQUESTS.update().where(mine).values(next_try=now + CLAIM_SECONDS)
            return Request.of(row) if connection.execute(taken).rowcount else None

    def delivered(self, request: Request, target: str) -> None:
        """Note that the clinic has it."""
        self._note(request, delivered=self._clock(), target=target, fault=None)

    def failed(self, request: Request, fault: str) -> float:
        """Note a failure and return the seconds until the next try: twice as long each time."""
        attempts = self._attempts(request) + 1
        wait = min(FIRST_RETRY * 2 ** (attempts - 1), LONGEST_RETRY)
        self._note(request, attempts=attempts, next_try=self._clock() + wait, fault=fault[:300])
        return wait

    def _attempts(self, request: Request) -> int:
        query = sa.select(REQUESTS.c.attempts).where(REQUESTS.c.reference == request.reference)
        with self._tables.begin() as connection:
            return int(connection.execute(query).scalar() or 0)

    def _note(self, request: Request, **values: Any) -> None:
        where = REQUESTS.c.reference == request.reference
        with self._tables.begin() as connection:
            connection.execute(REQUESTS.update().where(where).values(**values))


def shared_outbox() -> Outbox:
    """Return this process's outbox at the address the environment names."""
    return _shared(os.environ.get(VARIABLE) or DEFAULT)


@lru_cache(maxsize=4)
def _shared(address: str) -> Outbox:
    return Outbox(address)


# Delivering ----------------------------------------------------------------------------------------------------


def deliver_waiting(outbox: Outbox, send: Callable[[Request], None], target: str) -> int:
    """Deliver every request that waits; return how many went out."""
    count = 0
    while request := outbox.claim():
        try:
            send(request)
        except Exception as error:  # whatever a mail server or a web hook throws: the request stays
            wait = outbox.failed(request, f"{type(error).__name__}: {error}")
            logger.warning(
                "Request %s was not delivered by %s (%s); next try in %.0f s.",
                request.reference, target, type(error).__name__, wait,
            )  # fmt: skip
        else:
            outbox.delivered(request, target)
            count += 1
    return count


def keep_delivering(
    stop: threading.Event, clinic: Clinic | None = None, outbox: Outbox | None = None
) -> None:
    """Deliver until `stop` is set; with the target `outbox` the list itself is the delivery and this returns."""
    from hair_answers.operations.delivery import sender_for

    settings = clinic or Library.default().clinic
    send = sender_for(settings, os.environ)
    if send is None:
        return
    box = outbox or Outbox()
    while not stop.wait(POLL_SECONDS):
        try:
            deliver_waiting(box, send, settings.handoff.target)
        except FAULTS as error:
            logger.warning("The outbox cannot be read (%s); trying again.", type(error).__name__)


def deliver_until_stopped(outbox: Outbox) -> int:
    """Deliver until SIGTERM or Ctrl-C, as a service; with nothing to deliver it waits, so that nobody restarts it."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    target = Library.default().clinic.handoff.target
    print(f"Requests go to the clinic's target in clinic.yml: {target}.", flush=True)
    keep_delivering(stop, outbox=outbox)
    stop.wait()
    return 0


# Command line ----------------------------------------------------------------------------------------------------


def table(rows: list[Row]) -> str:
    """Return the requests as lines for the staff."""
    lines = []
    for row in rows:
        day = datetime.fromtimestamp(row.created, timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
        state = "closed" if row.closed else f"sent by {row.target}" if row.delivered else "open"
        if row.fault and not row.delivered:
            state += f" ({row.attempts} failed tries: {row.fault})"
        lines.append(
            f"{row.reference}  {day}  {row.reason:<10} {row.name or '-'}  {row.contact or '-'}  [{state}]"
        )
    return "\n".join(lines) or "No open requests."


def main(arguments: list[str] | None = None, environment: Mapping[str, str] = os.environ) -> int:
    """Show, close or deliver requests."""
    parser = argparse.ArgumentParser(prog="make outbox", description="People who asked to be contacted.")
    parser.add_argument("--all", action="store_true", help="show closed requests too")
    parser.add_argument("--close", metavar="REFERENCE", help="mark one as dealt with and drop its details")
    parser.add_argument("--deliver", action="store_true", help="keep delivering until stopped")
    options = parser.parse_args(arguments)
    outbox = Outbox(environment.get(VARIABLE))
    if options.deliver:
        return deliver_until_stopped(outbox)
    if options.close:
        closed = outbox.close(options.close)
        print(f"Closed {options.close}." if closed else f"There is no open request {options.close}.")
        return 0 if closed else 1
    print(table(outbox.requests(closed=options.all)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
