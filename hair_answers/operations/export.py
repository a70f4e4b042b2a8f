"""`make export SENDER=…`: everything stored of one conversation, for the person who asks for it."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from hair_answers.operations.settings import conversations, parser, run_command
from hair_answers.storage.transcript import read_conversation


def export(arguments: Sequence[str] | None = None) -> int:
    """Print the conversation as JSON or as text; exit 1 when there is none."""
    options = parser("Print all that is stored of one conversation.")
    options.add_argument("sender", help="the conversation's id, as in the database")
    options.add_argument("--text", action="store_true", help="plain text instead of JSON")
    given = options.parse_args(arguments)
    found = read_conversation(conversations(given.endpoints), given.sender)
    if not found:
        print("Nothing is stored under this id.", file=sys.stderr)
        return 1
    if given.text:
        print("\n\n".join(f"{line['at']} {line['who']}: {line['text']}" for line in found))
    else:
        print(json.dumps({"conversation": given.sender, "lines": found}, ensure_ascii=False, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(run_command(export))
