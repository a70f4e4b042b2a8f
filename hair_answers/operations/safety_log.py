"""Counts of safety answers by day, rule and tier, and notices of urgent ones: never a word of a message."""

from __future__ import annotations

import atexit
import logging
import os
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from hair_answers.storage.database import Tables

logger = logging.getLogger(__name__)

VARIABLE = "HAIR_ANSWERS_SAFETY"  # a database address that several servers share, instead of the file
PATH = Path(".state") / "safety.db"
ALERT_TIERS = (0, 1)
ALERT = "alert:"  # before the rule, in the reason of a request that nobody asked for
WAITING = 1_000  # entries kept while a database is away
RETRY_SECONDS = 2.0
SETTLE_SECONDS = 3.0
# A database that is away comes back; any other fault of an entry stays.
AWAY = (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError, OSError)

_metadata = sa.MetaData()
COUNTS = sa.Table(
    "counts", _metadata,
    sa.Column("day", sa.Text, primary_key=True),
    sa.Column("rule", sa.Text, primary_key=True),
    sa.Column("tier", sa.Text, primary_key=True),
    sa.Column("messages", sa.Integer, nullable=False),
)  # fmt: skip
NOTICES = sa.Table(
    "notices", _metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", sa.Text),
    sa.Column("rule", sa.Text),
    sa.Column("tier", sa.Text),
    sa.Column("seen", sa.Integer, server_default="0"),
)  # fmt: skip
INSERTS = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


@dataclass(frozen=True)
class Notice:
    """An urgent safety answer was given: when (UTC, to the minute), by which rule; never to whom."""

    at: str
    rule: str
    tier: int | str


def tell_clinic(notice: Notice) -> None:
    """Put a notice on the clinic's list, from where it is delivered like a request: once, and tried again.

    Notices of one rule and minute are one.
    """
    from hair_answers.operations.outbox import shared_outbox

    reason = f"{ALERT}{notice.rule}"
    shared_outbox().submit(f"{reason} {notice.at}", "", "", reason)


class SafetyLog:
    """Writes beside the conversations: a database that is away stops no answer, and gets its entries later."""

    def __init__(
        self,
        path: Path = PATH,
        alerts: bool = False,
        notify: Callable[[Notice], None] | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
    ) -> None:
        """`alerts` is clinic.yml's alerts.safety; `notify` hands a notice to the clinic's handoff target."""
        self._address = os.environ.get(VARIABLE) or f"sqlite:///{path}"
        self._alerts, self._notify, self._clock = alerts, notify, clock
        self._opened: Tables | None = None
        self._waiting: queue.Queue[Callable[[], None]] = queue.Queue(WAITING)
        self._writer: threading.Thread | None = None

    def record(self, rule: str, tier: int | str) -> None:
        """Count one safety answer; keep a notice of it when alerts are on and the tier is urgent."""
        moment = self._clock()
        if self._alerts and tier in ALERT_TIERS:
            notice = Notice(moment.strftime("%Y-%m-%d %H:%M"), rule, tier)
            if self._notify:
                self._later(partial(self._notify, notice))
            self._later(partial(self._keep, notice))
        self._later(partial(self._count, moment.date().isoformat(), rule, str(tier)))

    def counts(self) -> list[tuple[str, str, str, int]]:
        """Return (day, rule, tier, messages), oldest day first."""
        query = sa.select(COUNTS).order_by(COUNTS.c.day, COUNTS.c.rule)
        with self._tables().begin() as connection:
            return [tuple(row) for row in connection.execute(query)]

    def notices(self) -> list[tuple[str, str, str]]:
        """Return (at, rule, tier) of every notice, oldest first."""
        query = sa.select(NOTICES.c.at, NOTICES.c.rule, NOTICES.c.tier).order_by(NOTICES.c.id)
        with self._tables().begin() as connection:
            return [tuple(row) for row in connection.execute(query)]

    def settle(self, seconds: float = SETTLE_SECONDS) -> bool:
        """Wait until everything is written; False when it takes longer."""
        deadline = time.monotonic() + seconds
        while self._waiting.unfinished_tasks and time.monotonic() < deadline:
            time.sleep(0.01)
        return not self._waiting.unfinished_tasks

    # Writing ------------------------------------------------------------------------------------------------

    def _tables(self) -> Tables:
        if self._opened is None:
            self._opened = Tables(self._address, _metadata)
        return self._opened

    def _count(self, day: str, rule: str, tier: str) -> None:
        with self._tables().begin() as connection:
            row = INSERTS[connection.dialect.name](COUNTS).values(day=day, rule=rule, tier=tier, messages=1)
            key = (COUNTS.c.day, COUNTS.c.rule, COUNTS.c.tier)
            more = {"messages": COUNTS.c.messages + 1}
            connection.execute(row.on_conflict_do_update(index_elements=key, set_=more))

    def _keep(self, notice: Notice) -> None:
        row = {"at": notice.at, "rule": notice.rule, "tier": str(notice.tier)}
        with self._tables().begin() as connection:
            connection.execute(NOTICES.insert().values(**row))

    def _later(self, entry: Callable[[], None]) -> None:
        if self._writer is None:
            self._writer = threading.Thread(target=self._write_forever, daemon=True, name="safety log")
            self._writer.start()
            atexit.register(self.settle)
        try:
            self._waiting.put_nowait(entry)
        except queue.Full:
            logger.error("A safety answer was not counted: %d entries wait already.", WAITING)

    def _write_forever(self) -> None:
        while True:
            self._write(self._waiting.get())
            self._waiting.task_done()

    def _write(self, entry: Callable[[], None]) -> None:
        """Write one entry, again and again while its database is away."""
        told = False
        while True:
            try:
                entry()
            except AWAY as error:
                if not told:
                    logger.error(
                        "A safety answer waits to be counted (%s). Cure: bring its database back.",
                        type(error).__name__,
                    )
                told = True
                time.sleep(RETRY_SECONDS)
            except Exception:  # whatever else: the entries behind it must go on
                logger.exception("A safety answer was not counted.")
                return
            else:
                return


def main() -> None:
    """Print the counts: `python -m hair_answers.operations.safety_log`."""
    log = SafetyLog()
    print("day\trule\ttier\tmessages")
    for row in log.counts():
        print(*row, sep="\t")
    for at, rule, tier in log.notices():
        print(f"notice {at} UTC\t{rule}\ttier {tier}")


if __name__ == "__main__":
    main()
