"""An aiohttp application on a free loopback port, in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import aiohttp
from aiohttp import web


class Loopback:
    """Serves `self.app()` until stopped; tests read what it recorded from their own thread."""

    def __init__(self) -> None:
        self.port = 0
        self.loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._session: aiohttp.ClientSession | None = None
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def app(self) -> web.Application:
        raise NotImplementedError

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(10), "the stand-in did not start"

    @property
    def client(self) -> aiohttp.ClientSession:
        """What deliveries go out with; made in the server's own loop."""
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        return self._session

    def stop(self) -> None:
        if self._session is not None:
            self.run(self._session.close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)

    def run(self, coroutine: Any, seconds: float = 30) -> Any:
        """Run a coroutine in the server's loop and return its result."""
        future: Future[Any] = asyncio.run_coroutine_threadsafe(coroutine, self.loop)
        return future.result(seconds)

    def _serve(self) -> None:
        asyncio.set_event_loop(self.loop)
        runner = web.AppRunner(self.app())
        self.loop.run_until_complete(runner.setup())
        site = web.TCPSite(runner, "127.0.0.1", self.port, reuse_address=True)
        self.loop.run_until_complete(site.start())
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        self._ready.set()
        self.loop.run_forever()
        self.loop.run_until_complete(runner.cleanup())


def wait_for(condition: Callable[[], Any], seconds: float = 15.0, what: str = "what was expected") -> Any:
    """Return the condition's first true value; fail with `what` when it stays false."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.02)
    raise AssertionError(f"{what} did not come within {seconds:.0f} s")


def at_least(count: int, seen: Callable[[], list[Any]], seconds: float = 15.0) -> list[Any]:
    """Return what is seen once there are `count` of it."""
    wait_for(lambda: len(seen()) >= count, seconds, f"number {count}")
    return seen()
