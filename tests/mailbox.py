"""The clinic's mail server: a real SMTP server on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiosmtpd.controller import Controller

from hair_answers.operations.ports import free_port


class Mailbox:
    """What was received; it refuses while `broken`, and the first `refusals` messages."""

    def __init__(self, refusals: int = 0) -> None:
        self.messages: list[str] = []
        self.asked = 0
        self.broken = False
        self._refusals = refusals

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Answer one message, as aiosmtpd asks."""
        self.asked += 1
        if self.broken or self.asked <= self._refusals:
            return "451 try again later"
        self.messages.append(envelope.content.decode())
        return "250 OK"


@contextmanager
def running_mailbox(refusals: int = 0) -> Iterator[tuple[Mailbox, dict[str, str]]]:
    """Yield a mailbox whose server runs, and the settings that lead to it."""
    mailbox, port = Mailbox(refusals), free_port()
    server = Controller(mailbox, hostname="127.0.0.1", port=port)
    server.start()
    try:
        yield (
            mailbox,
            {
                "SMTP_HOST": "127.0.0.1",
                "SMTP_PORT": str(port),
                "SMTP_STARTTLS": "no",
                "SMTP_FROM": "bot@clinic.example",
            },
        )
    finally:
        server.stop()
