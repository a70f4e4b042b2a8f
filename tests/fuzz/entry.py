"""A way into a server, and what a proper answer from it looks like."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

SECONDS = 20.0  # a turn's own limit: no request may take longer
# What a stack trace or an exception looks like; answers people read have none of it.
_INSIDES = re.compile(
    rb"Traceback|File \"|\.py\b|site-packages|[a-z]Error\b|Exception\b|sanic|<class|object at 0x"
)


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: bytes

    @property
    def is_proper(self) -> bool:
        """True for an answer or a refusal without a server's fault and without its insides."""
        return 200 <= self.status < 500 and not _INSIDES.search(self.body)


class Entry:
    """One server on this machine; a connection that it closes is opened again."""

    def __init__(self, port: int) -> None:
        self.port = port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str | bytes] | None = None,
    ) -> Answer:
        """Send one request; TimeoutError when it takes too long."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        try:
            connection.request(method, path, body, dict(headers or {}))  # type: ignore[arg-type]
            answer = connection.getresponse()
            return Answer(answer.status, answer.read())
        finally:
            connection.close()

    def answers_people(self) -> bool:
        """Ask an ordinary question."""
        body = json.dumps({"message": "what is alopecia areata"}).encode()
        answer = self.ask("POST", "/webhooks/rest/webhook", body)
        return (
            answer.status == 200
            and json.loads(answer.body)[0]["metadata"]["answer"] == "causes/alopecia_areata"
        )
