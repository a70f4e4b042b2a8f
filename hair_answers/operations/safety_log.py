"""Counts of safety answers by day, rule and tier, and notices of urgent ones: never a word of a message."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

logger = logging.getLogger(__name__)

PATH = Path(".state") / "safety.db"
ALERT_TIERS = (0, 1)
ALERT = "alert:"  # before the rule, in the reason of a request that nobody asked for
_SCHEMA = """
CREATE TABLE IF NOT EXISTS counts (
    day TEXT, rule TEXT, tier TEXT, messages INTEGER NOT NULL, PRIMARY KEY (day, rule, tier)
);
CREATE TABLE IF NOT EXISTS notices (
  id INTEGER PRIMARY KEY, at TEXT, rule TEXT, tier TEXT, seen INTEGER DEFAULT 0
);
"""


@dataclass(frozen=True)
class Notice:
    """An urgent safety answer was given: when (UTC, to the minute), by which rule; never to whom."""

    at: str
    rule: str
    tier: int | str


def tell_clinic(notice: Notice) -> None:
    """Put a notice on the clinic's list, from where it is delivered like a request: once, and tried again.

    Notices of one rule and minute are one. A list that cannot be written is logged and never stops an answer.
    """
    from sqlalchemy.exc import SQLAlchemyError

    from hair_answers.operations.outbox import shared_outbox

    reason = f"{ALERT}{notice.rule}"
    try:
        shared_outbox().submit(f"{reason} {notice.at}", "", "", reason)
    except SQLAlchemyError:
        logger.exception(
            "A safety notice was not put on the clinic's list. Cure: check the outbox's database."
        )


class SafetyLog:
    """Writes to a small SQLite file; a failing disk is logged and never stops an answer."""

    def __init__(
        self,
        path: Path = PATH,
        alerts: bool = False,
        notify: Callable[[Notice], None] | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
    ) -> None:
        """`alerts` is clinic.yml's alerts.safety; `notify` hands a notice to the clinic's handoff target."""
        self._path, self._alerts, self._notify, self._clock = path, alerts, notify, clock

    def record(self, rule: str, tier: int | str) -> None:
        """Count one safety answer; keep a notice of it when alerts are on and the tier is urgent."""
        moment = self._clock()
        try:
            with self._open() as store:
                store.execute(
                    "INSERT INTO counts VALUES (?, ?, ?, 1)"
                    " ON CONFLICT (day, rule, tier) DO UPDATE SET messages = messages + 1",
                    (moment.date().isoformat(), rule, str(tier)),
                )
                if self._alerts and tier in ALERT_TIERS:
                    self._raise_alert(store, Notice(moment.strftime("%Y-%m-%d %H:%M"), rule, tier))
        except (sqlite3.Error, OSError):
            logger.exception(
                "A safety answer was not counted. Cure: check the disk under %s.", self._path.parent
            )

    def _raise_alert(self, store: sqlite3.Connection, notice: Notice) -> None:
        store.execute(
            "INSERT INTO notices (at, rule, tier) VALUES (?, ?, ?)",
            (notice.at, notice.rule, str(notice.tier)),
        )
        if self._notify:
            self._notify(notice)

    def counts(self) -> list[tuple[str, str, str, int]]:
        """Return (day, rule, tier, messages), oldest day first."""
        with self._open() as store:
            return store.execute("SELECT day, rule, tier, messages FROM counts ORDER BY day, rule").fetchall()

    def notices(self) -> list[tuple[str, str, str]]:
        """Return (at, rule, tier) of every notice, oldest first."""
        with self._open() as store:
            return store.execute("SELECT at, rule, tier FROM notices ORDER BY id").fetchall()

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self._path, timeout=2.0)) as store, store:
            store.execute("PRAGMA journal_mode = WAL")
            store.execute("PRAGMA synchronous = NORMAL")
            store.executescript(_SCHEMA)
            yield store


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
