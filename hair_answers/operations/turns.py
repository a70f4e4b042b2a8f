"""The turns of all conversations, read back from the event store for insights and review."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from hair_answers.storage.archive import ARCHIVE
from hair_answers.storage.database import TABLE
from hair_answers.storage.pseudonym import pseudonym

DAY = 86_400.0  # seconds
MISSES = ("fallback/did_you_mean", "fallback/rephrase", "fallback/out_of_scope", "fallback/error")


@dataclass
class Turn:
    """One message with what came of it; the text is redacted already."""

    conversation: str
    when: float
    channel: str
    text: str
    candidates: tuple[str, ...] = ()
    answers: list[str] = field(default_factory=list)
    tier: int | None = None

    @property
    def outcome(self) -> str:
        """answered, offered, unanswered, out of scope or failed."""
        names = ("offered", "unanswered", "out of scope", "failed")
        for miss, name in zip(MISSES, names, strict=True):
            if miss in self.answers:
                return name
        if any(answer.startswith("out_of_scope/") for answer in self.answers):
            return "out of scope"
        return "answered" if self.answers else "failed"


def read_turns(conversations: Engine, archives: Iterable[Engine], days: int) -> list[Turn]:
    """The turns of the last `days`, from the archive when there is one, else from the conversation database."""
    since = time.time() - days * DAY
    for archive in archives:
        query = sa.select(ARCHIVE.c.conversation, ARCHIVE.c.data).where(ARCHIVE.c.timestamp >= since)
        return _from(archive, query.order_by(ARCHIVE.c.conversation, ARCHIVE.c.timestamp), lambda name: name)
    query = sa.select(TABLE.c.sender_id, TABLE.c.data).where(
        TABLE.c.timestamp >= since, TABLE.c.type_name.in_(("user", "bot"))
    )
    return _from(conversations, query.order_by(TABLE.c.sender_id, TABLE.c.id), pseudonym)


def _from(engine: Engine, query: Any, hide: Any) -> list[Turn]:
    with engine.connect() as connection:
        rows = [(hide(name), json.loads(data)) for name, data in connection.execute(query)]
    return list(turns(rows))


def turns(rows: Iterable[tuple[str, dict[str, Any]]]) -> Iterator[Turn]:
    """Group events, ordered within each conversation, into turns."""
    turn: Turn | None = None
    for conversation, event in rows:
        if turn is not None and (event.get("event") == "user" or turn.conversation != conversation):
            yield turn
            turn = None
        if event.get("event") == "user":
            turn = _begin(conversation, event)
        elif event.get("event") == "bot" and turn is not None:
            told = (event.get("metadata") or {}).get("metadata") or {}
            answer = told.get("answer")
            turn.answers += [key for key in (answer if isinstance(answer, list) else [answer]) if key]
            tier = (told.get("safety") or {}).get("tier")
            turn.tier = turn.tier if tier is None else tier
    if turn is not None:
        yield turn


def _begin(conversation: str, event: dict[str, Any]) -> Turn:
    ranking = (event.get("parse_data") or {}).get("answer_ranking") or []
    return Turn(
        conversation,
        float(event.get("timestamp") or 0),
        str(event.get("input_channel") or "unknown"),
        str(event.get("text") or ""),
        tuple(str(row.get("key")) for row in ranking),
    )
