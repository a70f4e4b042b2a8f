"""Work in the background, in order for each conversation, side by side for different ones."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable

logger = logging.getLogger(__name__)

Job = Callable[[], Awaitable[None]]


class TurnQueue:
    """Jobs by conversation; the next one of a conversation begins when the one before has ended."""

    def __init__(self) -> None:
        self._jobs: dict[str, deque[Job]] = {}
        self._workers: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        """Jobs waiting or under way."""
        return sum(len(jobs) for jobs in self._jobs.values())

    def put(self, conversation: str, job: Job) -> None:
        """Add a job; it starts at once when its conversation is idle."""
        jobs = self._jobs.get(conversation)
        if jobs is not None:
            jobs.append(job)
            return
        self._jobs[conversation] = deque([job])
        worker = asyncio.ensure_future(self._work(conversation))
        self._workers.add(worker)
        worker.add_done_callback(self._workers.discard)

    async def _work(self, conversation: str) -> None:
        jobs = self._jobs[conversation]
        while jobs:
            try:
                await jobs[0]()
            except Exception:
                # The traceback names the fault; the jobs behind this one still have to run.
                logger.exception("A job of a conversation failed.")
            jobs.popleft()
        del self._jobs[conversation]

    async def drain(self, seconds: float) -> int:
        """Wait up to `seconds` for all jobs to end; return how many are left, which are then cancelled."""
        deadline = asyncio.get_running_loop().time() + seconds
        while self._workers and (left := deadline - asyncio.get_running_loop().time()) > 0:
            await asyncio.wait(set(self._workers), timeout=left)
        unfinished = len(self)
        for worker in set(self._workers):
            worker.cancel()
        return unfinished
