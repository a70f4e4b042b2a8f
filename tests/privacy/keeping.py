"""Everything that the production stack keeps, as text: each table, each file, each log."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from hair_answers.operations.archive import consume
from hair_answers.operations.stack import Stack
from hair_answers.storage.archive import prepare_archive
from tests.production import Production

QUEUE = "hair-answers-events"
TABLES_THEMSELVES = "postgres/"  # read through the database, which compresses them on disk


async def archive_all(stack: Stack, engine: Engine) -> None:
    """Archive what RabbitMQ carries, as the archive's own process does."""
    prepare_archive(engine)
    settings = {
        "url": "127.0.0.1",
        "port": stack.ports["rabbitmq"],
        "username": "guest",
        "password": "guest",
        "queues": [QUEUE],
    }
    await consume(engine, settings, idle_seconds=2)


def everything_kept(production: Production, engine: Engine) -> dict[str, str]:
    """Return the text of every place: PostgreSQL's tables, and all files of the stack."""
    kept = {f"table {name}": _rows(engine, name) for name in sa.inspect(engine).get_table_names()}
    below = {
        f"file {path.relative_to(production.folder)}": path
        for path in production.folder.rglob("*")
        if path.is_file()
    }
    files = {name: path for name, path in below.items() if TABLES_THEMSELVES not in name}
    return kept | {name: _text(path) for name, path in files.items()}


def _rows(engine: Engine, table: str) -> str:
    with engine.connect() as connection:
        rows = connection.execute(sa.text(f'SELECT CAST(t AS text) FROM "{table}" t'))
        return "\n".join(str(row[0]) for row in rows)


def _text(path: Path) -> str:
    """Return a file's bytes as text, with a sign for each that is none."""
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except FileNotFoundError:  # a server's own temporary file has gone meanwhile
        return ""
