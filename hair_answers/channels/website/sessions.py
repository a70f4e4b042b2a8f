"""Who is talking: session tokens that only this server can make, and tickets for the buttons it offered."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SECRET_VARIABLE = "HAIR_ANSWERS_SECRET"  # noqa: S105 - the name of a variable, not a secret
SECRET_FILE = Path(".state/secret")
SHORTEST_SECRET = 32  # characters
LONGEST_TOKEN = 200  # characters; a real one has under 90


class SecretError(ValueError):
    """The signing secret is too short to sign with."""


def load_secret(path: Path = SECRET_FILE) -> bytes:
    """The signing key: from HAIR_ANSWERS_SECRET, else from `path`, made there once for its owner only.

    Raises SecretError when the key found is under 32 characters.
    """
    from_environment = os.environ.get(SECRET_VARIABLE)
    secret = from_environment if from_environment else _kept_secret(path)
    if len(secret) < SHORTEST_SECRET:
        place = SECRET_VARIABLE if from_environment else str(path)
        raise SecretError(
            f"The secret in {place} has {len(secret)} characters; it needs at least {SHORTEST_SECRET}. "
            'Make one with: python -c "import secrets; print(secrets.token_hex(32))"'
        )
    return secret.encode()


def _kept_secret(path: Path) -> str:
    """The secret in `path`; the first process to ask writes it, the others read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
        os.link(draft, path)  # whole or not at all, and never over an existing one
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text(encoding="ascii").strip()


@dataclass(frozen=True)
class Session:
    """One browser tab's conversation: its token, and the sender id that Rasa knows it by."""

    token: str
    sender_id: str


class Sessions:
    """Makes and checks tokens `<id>.<time issued>.<signature>`; keeps nothing: any worker can check any."""

    def __init__(self, secret: bytes, hours: float, clock: Callable[[], float] = time.time) -> None:
        self._secret = secret
        self._seconds = hours * 3600
        self._clock = clock

    def start(self) -> Session:
        """A session nobody had before."""
        return self._session(secrets.token_urlsafe(18))

    def resume(self, token: object) -> Session | None:
        """The session of a token this server issued, its time renewed; None if forged, foreign or expired."""
        if not isinstance(token, str) or len(token) > LONGEST_TOKEN or not token.isascii():
            return None
        head, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature, self._sign("session", head)):
            return None
        identity, _, issued = head.partition(".")
        age = self._clock() - int(issued)
        return self._session(identity) if age <= self._seconds else None

    def ticket(self, sender_id: str, payload: str) -> str:
        """Proof that this payload was offered in this conversation."""
        return self._sign("offer", sender_id, payload)[:22]

    def offered(self, sender_id: str, payload: str, ticket: object) -> bool:
        """True when the ticket is the one given out with this payload in this conversation."""
        if not isinstance(ticket, str) or not ticket.isascii():
            return False
        return hmac.compare_digest(ticket, self.ticket(sender_id, payload))

    def _session(self, identity: str) -> Session:
        head = f"{identity}.{int(self._clock())}"
        return Session(f"{head}.{self._sign('session', head)}", "web-" + self._sign("sender", identity)[:32])

    def _sign(self, *parts: str) -> str:
        # A length before each part keeps ("a", "bc") and ("ab", "c") apart.
        message = "".join(f"{len(part)}:{part}" for part in parts).encode()
        digest = hmac.new(self._secret, message, hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
