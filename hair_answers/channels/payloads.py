"""What a button may send: an answer's key, or one of the commands the bot itself offers."""

from __future__ import annotations

from hair_answers.knowledge.answers import PREFIX
from hair_answers.knowledge.library import Library

# Commands behind chips that are not answers; each has a rule in data/rules.
COMMANDS = frozenset({"/fallback/none_of_these"})


def is_payload(text: str) -> bool:
    """Tell a button's payload from typed text that begins with a slash."""
    if not text.startswith("/"):
        return False
    library = Library.default()
    key = text[1:]
    return text in COMMANDS or library.answer(key) is not None or f"{PREFIX}{key}" in library.voice
