"""A person's own conversation, as they may have it: who said what and when, with the answers' sources."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from hair_answers.storage.database import TABLE

Line = dict[str, Any]


def read_conversation(engine: Engine, sender_id: str) -> list[Line]:
    """All that is stored of a conversation, oldest first."""
    query = sa.select(TABLE.c.data).where(TABLE.c.sender_id == sender_id).order_by(TABLE.c.id)
    with engine.connect() as connection:
        return list(lines(json.loads(data) for data in connection.execute(query).scalars()))


def lines(events: Iterable[dict[str, Any]]) -> Iterator[Line]:
    """The spoken lines among stored events: `who` is person or assistant, `at` is ISO 8601 in UTC."""
    for event in events:
        if event.get("event") not in ("user", "bot") or not event.get("text"):
            continue
        when = datetime.fromtimestamp(event.get("timestamp") or 0, timezone.utc)
        line: Line = {
            "at": when.isoformat(timespec="seconds"),
            "who": "person" if event["event"] == "user" else "assistant",
            "text": event["text"],
        }
        told = (event.get("metadata") or {}).get("metadata") or {}
        if told.get("answer"):
            line["answer"] = told["answer"]
            line["sources"] = [
                source.get("title") for source in told.get("sources") or () if isinstance(source, dict)
            ]
        yield line
