"""The conversation database: Rasa's `events` table, reached the same way by the bot and by every command."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import yaml
from sqlalchemy.engine import URL, Connection, Engine

BUSY_SECONDS = 5.0  # how long SQLite waits for another process
CONNECT_SECONDS = 3
STATEMENT_MS = 5_000
RECYCLE_SECONDS = 1_800
FAULTS = (sa.exc.SQLAlchemyError, OSError, ValueError)
# What the slower of two processes gets when both make the same table.
SAME_TIME = (sa.exc.OperationalError, sa.exc.ProgrammingError, sa.exc.IntegrityError)

_METADATA = sa.MetaData()
# Column for column what Rasa's SQLTrackerStore makes: either can read what the other wrote.
TABLE = sa.Table(
    "events",
    _METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("sender_id", sa.String(255), nullable=False, index=True),
    sa.Column("type_name", sa.String(255), nullable=False),
    sa.Column("timestamp", sa.Float),
    sa.Column("intent_name", sa.String(255)),
    sa.Column("action_name", sa.String(255)),
    sa.Column("data", sa.Text),
)
# The first finds the latest events of a conversation, the second its latest value of each slot, the third
# the old ones.
INDEXES = (
    sa.Index("ix_events_sender_id_id", TABLE.c.sender_id, TABLE.c.id),
    sa.Index("ix_events_sender_kind", TABLE.c.sender_id, TABLE.c.type_name, TABLE.c.action_name, TABLE.c.id),
    sa.Index("ix_events_timestamp", TABLE.c.timestamp),
)


class NoDatabase(RuntimeError):
    """The endpoints file names no conversation database; the message holds the cure."""


@dataclass(frozen=True)
class Address:
    """Where the database is; `host` may also be a whole address such as postgresql://user@host/db."""

    dialect: str = "sqlite"
    host: str | None = None
    port: int | str | None = None
    db: str = ".state/conversations.db"
    username: str | None = None
    password: str | None = None
    query: dict[str, str] | None = None

    def url(self) -> URL:
        """The address as SQLAlchemy takes it."""
        if self.host and "://" in self.host:
            return sa.engine.make_url(self.host)
        port = int(self.port) if self.port else None
        return URL.create(
            self.dialect, self.username, self.password, self.host, port, self.db, self.query or {}
        )


def read_endpoints(path: Path) -> dict[str, Any]:
    """The endpoints file with ${VARIABLES} filled from the environment."""
    text = path.read_text(encoding="utf-8")
    data: dict[str, Any] = yaml.safe_load(os.path.expandvars(text)) or {}
    return data


def read_address(path: Path) -> Address:
    """The database that the tracker store of an endpoints file uses."""
    block = read_endpoints(path).get("tracker_store")
    if not isinstance(block, dict) or "PrivateTrackerStore" not in str(block.get("type")):
        raise NoDatabase(
            f"{path} has no PrivateTrackerStore. Cure: name one under tracker_store, as in endpoints.yml."
        )
    known = {field.name for field in fields(Address)}
    given = {name: value for name, value in block.items() if name in known}
    return Address(**{**given, "host": block.get("url")})


def open_database(path: Path) -> Engine:
    """An engine for the database of an endpoints file, its table made if need be."""
    engine = make_engine(read_address(path))
    prepare(engine)
    return engine


def make_engine(address: Address) -> Engine:
    """An engine whose connections are checked before use: a restarted database costs nobody an answer."""
    url = address.url()
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url)
    settings: dict[str, Any] = {
        "pool_pre_ping": True,
        "pool_recycle": RECYCLE_SECONDS,
        "pool_timeout": CONNECT_SECONDS,
        "pool_size": int(os.environ.get("SQL_POOL_SIZE", "10")),
        "max_overflow": int(os.environ.get("SQL_MAX_OVERFLOW", "10")),
        "hide_parameters": True,  # an error must not quote what somebody wrote
    }
    if url.get_backend_name() == "postgresql":
        options = f"-cstatement_timeout={STATEMENT_MS}"
        settings["connect_args"] = {"connect_timeout": CONNECT_SECONDS, "options": options}
    return sa.create_engine(url, **settings)


def _sqlite_engine(url: URL) -> Engine:
    if url.database:
        file = Path(url.database)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
    engine = sa.create_engine(
        url,
        poolclass=sa.pool.QueuePool,
        connect_args={"check_same_thread": False, "timeout": BUSY_SECONDS},
        hide_parameters=True,
    )

    @sa.event.listens_for(engine, "connect")
    def _set_up(connection: Any, _: Any) -> None:
        # WAL lets readers and one writer work together; secure_delete overwrites what is erased.
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def prepare(engine: Engine) -> None:
    """Make the table and its indexes; another process may be doing the same at this moment."""
    with contextlib.suppress(*SAME_TIME):
        _METADATA.create_all(engine)
    existing = {index["name"] for index in sa.inspect(engine).get_indexes(TABLE.name)}
    for index in INDEXES:
        if index.name not in existing:
            with contextlib.suppress(*SAME_TIME):
                index.create(engine)


def make_tables(metadata: sa.MetaData, engine: Engine) -> None:
    """Make the tables that are missing; what another process makes meanwhile is there at the second look."""
    try:
        metadata.create_all(engine)
    except SAME_TIME:
        metadata.create_all(engine)


class Tables:
    """A database of our own tables, made at first use: one that is away at the start may come later."""

    def __init__(self, address: str, metadata: sa.MetaData) -> None:
        """`address` is SQLAlchemy's: sqlite:///file, or postgresql://user@host/name."""
        self._engine, self._metadata, self._ready = make_engine(Address(host=address)), metadata, False

    @contextlib.contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction."""
        if not self._ready:
            make_tables(self._metadata, self._engine)
            self._ready = True
        with self._engine.begin() as connection:
            yield connection


def erase_conversation(connection: Connection, sender_id: str) -> int:
    """Delete a conversation's rows; return how many there were."""
    return int(connection.execute(TABLE.delete().where(TABLE.c.sender_id == sender_id)).rowcount)


def scrub(engine: Engine) -> None:
    """Take erased rows out of SQLite's journal file too; other databases do so themselves in time."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.execute(sa.text("PRAGMA wal_checkpoint(TRUNCATE)"))
