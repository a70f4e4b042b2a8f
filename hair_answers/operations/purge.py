"""`make purge`: erase what is older than retention_days in clinic.yml, as the running bot does every day."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import sqlalchemy as sa

from hair_answers.operations.settings import archives, conversations, parser, retention_days, run_command
from hair_answers.storage.archive import ARCHIVE
from hair_answers.storage.database import scrub
from hair_answers.storage.retention import limit_of, purge


def main(arguments: Sequence[str] | None = None) -> int:
    """Erase and say how much."""
    options = parser("Erase old conversations.")
    options.add_argument("--days", type=int, help="instead of retention_days in clinic.yml")
    given = options.parse_args(arguments)
    days = retention_days() if given.days is None else given.days
    if days < 1:
        options.error(f"--days is {days}. Cure: 1 or more; to erase one conversation use `make forget`")
    print(f"{purge(conversations(given.endpoints), days)} events older than {days} days erased")
    for archive in archives(given.endpoints):
        with archive.begin() as connection:
            old = ARCHIVE.delete().where(ARCHIVE.c.timestamp < sa.literal(limit_of(days)))
            print(f"{connection.execute(old).rowcount} archived events older than {days} days erased")
        scrub(archive)
    return 0


if __name__ == "__main__":
    sys.exit(run_command(main))
