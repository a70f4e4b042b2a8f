"""What people thought of an answer: its key, the thumb, the answer's version and a reason without identifiers."""

from __future__ import annotations

import hashlib
import os
from datetime import date
from functools import lru_cache

import sqlalchemy as sa

from hair_answers.knowledge.answers import Answer
from hair_answers.knowledge.library import PROJECT
from hair_answers.storage.database import Tables
from hair_answers.storage.redaction import redact

VARIABLE = "HAIR_ANSWERS_FEEDBACK"
DEFAULT = f"sqlite:///{PROJECT / '.state' / 'feedback.db'}"
LONGEST_REASON = 300  # characters

_metadata = sa.MetaData()
OPINIONS = sa.Table(
    "opinions", _metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("day", sa.String(10), nullable=False),
    sa.Column("answer", sa.String(100), nullable=False),
    sa.Column("version", sa.String(12), nullable=False),
    sa.Column("rating", sa.String(4), nullable=False),
    sa.Column("reason", sa.Text),
)  # fmt: skip


def version(answer: Answer) -> str:
    """Return a short digest of an answer's words: an opinion counts for the wording it was given on."""
    return hashlib.sha256(f"{answer.text}\n{answer.more}".encode()).hexdigest()[:12]


class Feedback:
    """The stored opinions; no conversation and no person can be found from one."""

    def __init__(self, address: str | None = None) -> None:
        """Connect to `address`, else to the environment's, else to the file under .state/."""
        self.address = address or os.environ.get(VARIABLE) or DEFAULT
        self._tables = Tables(self.address, _metadata)

    def keep(self, answer: Answer, rating: str, reason: str | None = None) -> None:
        """Store one opinion, "up" or "down"; of the reason only what names nobody."""
        told = redact(reason)[:LONGEST_REASON] if reason else None
        row = {"day": date.today().isoformat(), "answer": answer.key, "version": version(answer)}
        with self._tables.begin() as connection:
            connection.execute(OPINIONS.insert().values(**row, rating=rating, reason=told))

    def explain(self, answer: Answer, reason: str) -> None:
        """Add a reason to the latest "down" on this answer that has none."""
        blank = sa.and_(
            OPINIONS.c.answer == answer.key, OPINIONS.c.rating == "down", OPINIONS.c.reason.is_(None)
        )
        with self._tables.begin() as connection:
            latest = connection.execute(sa.select(sa.func.max(OPINIONS.c.id)).where(blank)).scalar()
            where = OPINIONS.c.id == latest
            connection.execute(OPINIONS.update().where(where).values(reason=redact(reason)[:LONGEST_REASON]))

    def all(self) -> list[sa.engine.Row]:
        """Return every opinion, oldest first."""
        with self._tables.begin() as connection:
            return list(connection.execute(sa.select(OPINIONS).order_by(OPINIONS.c.id)))


def shared_feedback() -> Feedback:
    """Return this process's store at the address the environment names."""
    return _shared(os.environ.get(VARIABLE) or DEFAULT)


@lru_cache(maxsize=4)
def _shared(address: str) -> Feedback:
    return Feedback(address)
