"""What a button may send: an answer's key, or one of the commands the bot itself offers."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from hair_answers.knowledge.answers import PREFIX
from hair_answers.knowledge.library import Library

# Commands behind chips that are not answers; each has a rule in data/rules.
COMMANDS = frozenset(
    {
        "/fallback/none_of_these",
        "/guided_check/start",
        "/guided_check/stop",
        "/handoff/person",
        "/feedback/helpful",
        "/feedback/not_helpful",
    }
)
SHORT_KEY = 20  # hexadecimal digits: far below Telegram's 64 bytes, and no two payloads share one


def is_payload(text: str) -> bool:
    """Tell a button's payload from typed text that begins with a slash."""
    if not text.startswith("/"):
        return False
    library = Library.default()
    key = text[1:]
    return text in COMMANDS or library.answer(key) is not None or f"{PREFIX}{key}" in library.voice


def known_payloads() -> frozenset[str]:
    """Return every payload `is_payload` lets pass."""
    library = Library.default()
    voice = {f"/{name.removeprefix(PREFIX)}" for name in library.voice}
    return COMMANDS | {f"/{key}" for key in library.answers} | voice


def short_key(payload: str) -> str:
    """Return a payload's short name: the same in every process and release, so old buttons go on working."""
    return hashlib.sha256(payload.encode()).hexdigest()[:SHORT_KEY]


def payload_of(key: object) -> str | None:
    """Return the payload a short name stands for; None when the content has none (any more)."""
    return _by_short_key().get(key) if isinstance(key, str) else None


@lru_cache(maxsize=1)
def _by_short_key() -> dict[str, str]:
    return {short_key(payload): payload for payload in known_payloads()}
