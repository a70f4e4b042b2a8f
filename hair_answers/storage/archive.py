"""The archive of published events: what RabbitMQ carried, under pseudonyms, for insights across machines."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from hair_answers.storage.database import make_tables

_METADATA = sa.MetaData()
ARCHIVE = sa.Table(
    "event_archive",
    _METADATA,
    sa.Column("message_id", sa.String(32), primary_key=True),
    sa.Column("conversation", sa.String(64), nullable=False, index=True),
    sa.Column("kind", sa.String(64), nullable=False),
    sa.Column("timestamp", sa.Float, index=True),
    sa.Column("data", sa.Text),
)
# Conversations erased: a delayed event of one must not come back after its erasure.
GONE = sa.Table(
    "event_archive_erased",
    _METADATA,
    sa.Column("conversation", sa.String(64), primary_key=True),
    sa.Column("timestamp", sa.Float, nullable=False),
)


def prepare_archive(engine: Engine) -> None:
    """Make the tables."""
    make_tables(_METADATA, engine)


def keep(connection: Connection, message_id: str, event: dict[str, Any]) -> bool:
    """Keep one event once, or erase when it says so; False when it was there before or came too late."""
    conversation, when = str(event["sender_id"]), float(event.get("timestamp") or 0)
    if event.get("event") == "erased":
        erase_archived(connection, conversation)
        connection.execute(GONE.delete().where(GONE.c.conversation == conversation))
        connection.execute(GONE.insert().values(conversation=conversation, timestamp=when))
        return True
    erased = connection.execute(
        sa.select(GONE.c.timestamp).where(GONE.c.conversation == conversation)
    ).scalar()
    known = sa.select(ARCHIVE.c.message_id).where(ARCHIVE.c.message_id == message_id)
    if (erased is not None and when <= erased) or connection.execute(known).first():
        return False
    connection.execute(
        ARCHIVE.insert().values(
            message_id=message_id,
            conversation=conversation,
            kind=str(event.get("event")),
            timestamp=when,
            data=json.dumps(event),
        )
    )
    return True


def erase_archived(connection: Connection, conversation: str) -> int:
    """Delete a conversation's archived events by its pseudonym; return how many there were."""
    return int(connection.execute(ARCHIVE.delete().where(ARCHIVE.c.conversation == conversation)).rowcount)
