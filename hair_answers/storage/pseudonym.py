"""A conversation's pseudonym: always the same for one conversation, and no way back from it to the person."""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache

LENGTH = 16  # hexadecimal digits: enough to tell conversations apart


@lru_cache(maxsize=1)
def _secret() -> bytes:
    # Only who needs a pseudonym pays for the import of the channels.
    from hair_answers.channels.website.sessions import load_secret

    return load_secret()


def pseudonym(sender_id: str) -> str:
    """A keyed hash of a conversation's id."""
    return hmac.new(_secret(), f"conversation:{sender_id}".encode(), hashlib.sha256).hexdigest()[:LENGTH]
