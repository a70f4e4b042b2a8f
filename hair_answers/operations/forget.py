"""`make forget SENDER=…`: erase one conversation everywhere, call-back requests too, and show that nothing is left."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from hair_answers.operations.outbox import shared_outbox
from hair_answers.operations.settings import archives, conversations, parser, run_command
from hair_answers.storage.erasure import erase_everywhere


def forget(arguments: Sequence[str] | None = None) -> int:
    """Erase; exit 0 when every store holds nothing any more, else 1."""
    options = parser("Erase one conversation everywhere.")
    options.add_argument("sender", help="the conversation's id, as in the database")
    given = options.parse_args(arguments)
    if not given.sender.strip():
        options.error("no conversation named. Cure: make forget SENDER=<id>")
    results = erase_everywhere(conversations(given.endpoints), archives(given.endpoints), given.sender)
    print(f"outbox: {shared_outbox().forget(given.sender)} call-back requests and drafts erased")
    for result in results:
        print(f"{result.store}: {result.removed} rows erased, {result.left} left")
    return 1 if any(result.left for result in results) else 0


if __name__ == "__main__":
    sys.exit(run_command(forget))
