"""Erases one conversation from every store that outlives a turn, and shows that nothing is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from hair_answers.storage.archive import ARCHIVE, erase_archived
from hair_answers.storage.database import TABLE, erase_conversation, scrub
from hair_answers.storage.pseudonym import pseudonym


@dataclass(frozen=True)
class Erased:
    """What one store held of the conversation, and what is left."""

    store: str
    removed: int
    left: int


def erase_everywhere(conversations: Engine, archives: Sequence[Engine], sender_id: str) -> list[Erased]:
    """Erase the conversation in the conversation database and in the archives of its events."""
    results = [_erase(conversations, "conversations", sender_id)]
    results += [_erase_archived(archive, sender_id) for archive in archives]
    return results


def _erase(engine: Engine, name: str, sender_id: str) -> Erased:
    with engine.begin() as connection:
        removed = erase_conversation(connection, sender_id)
    scrub(engine)
    with engine.connect() as connection:
        return Erased(name, removed, _count(connection, TABLE.c.sender_id == sender_id))


def _erase_archived(engine: Engine, sender_id: str) -> Erased:
    hidden = pseudonym(sender_id)
    with engine.begin() as connection:
        removed = erase_archived(connection, hidden)
    scrub(engine)
    with engine.connect() as connection:
        return Erased("archive", removed, _count(connection, ARCHIVE.c.conversation == hidden))


def _count(connection: Connection, condition: sa.sql.ColumnElement[bool]) -> int:
    return int(connection.execute(sa.select(sa.func.count()).where(condition)).scalar() or 0)
