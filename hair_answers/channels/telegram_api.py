"""Telegram's Bot API over plain aiohttp: one method call, its retries and its errors.

No library: aiogram 2 (what Rasa would bring) is unmaintained and cannot live with this aiohttp, aiogram 3
needs pydantic 2, and nine methods of plain JSON need neither.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import aiohttp

from hair_answers.channels.reception import Undelivered

logger = logging.getLogger(__name__)

TRIES = 6
CALL_SECONDS = 15.0
LONGEST_WAIT = 60.0  # seconds a 429 may ask for; longer is left for another day


class TelegramApi:
    """Calls Bot API methods; the token never reaches a log line, its address is never shown."""

    def __init__(self, base: str, token: str) -> None:
        self._address = f"{base}/bot{token}/"
        self._session: aiohttp.ClientSession | None = None

    async def call(
        self, method: str, tries: int = TRIES, seconds: float = CALL_SECONDS, **arguments: Any
    ) -> Any:
        """Return a method's result; Undelivered once trying again is of no use."""
        for attempt in range(1, tries + 1):
            try:
                status, answer = await self._post(method, arguments, seconds)
            except (aiohttp.ClientError, OSError, asyncio.TimeoutError) as error:
                status, answer = 599, {"description": type(error).__name__}
            if answer.get("ok"):
                return answer.get("result")
            asked = (answer.get("parameters") or {}).get("retry_after")
            wait = float(asked) if status == 429 and asked else min(0.5 * 2**attempt, LONGEST_WAIT)
            temporary = status == 429 or status >= 500
            if not temporary or attempt == tries or wait > LONGEST_WAIT:
                code = f"{method}: {status} {answer.get('description', '')}"
                raise Undelivered(code.strip(), temporary)
            logger.info("Telegram answered %s with %d; next try in %.1f s.", method, status, wait)
            await asyncio.sleep(wait)
        raise AssertionError("the last try returns or raises")

    async def close(self) -> None:
        """Close the connections."""
        if self._session:
            await self._session.close()

    async def _post(
        self, method: str, arguments: dict[str, Any], seconds: float
    ) -> tuple[int, dict[str, Any]]:
        if self._session is None:
            # Made in the loop that serves: a session belongs to the loop it was made in.
            self._session = aiohttp.ClientSession(trust_env=True)
        limit = aiohttp.ClientTimeout(total=seconds)
        async with self._session.post(self._address + method, json=arguments, timeout=limit) as reply:
            try:
                answer = await reply.json(content_type=None)
            except ValueError:
                answer = None
            return reply.status, answer if isinstance(answer, dict) else {"description": "no JSON"}
