"""Writes the insights page every few days while the bot runs: insights_every_days in clinic.yml."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path

from hair_answers.operations.training import ROOT
from hair_answers.storage.retention import DAY

logger = logging.getLogger(__name__)

PAGE = ROOT / "results" / "insights.html"
COMMAND = ("nice", sys.executable, "-m", "hair_answers.operations.insights", "--out")


class ScheduledInsights:
    """Makes the page in a process of its own, behind all others: people's turns do not wait for it."""

    def __init__(self, every_days: int, page: Path = PAGE, clock: Callable[[], float] = time.time) -> None:
        """0 days: never."""
        self._days, self._page, self._clock = every_days, page, clock

    def is_due(self) -> bool:
        """True when there is no page yet, or an old one."""
        written = self._page.stat().st_mtime if self._page.is_file() else 0.0
        return self._days > 0 and self._clock() - written >= self._days * DAY

    async def run_if_due(self) -> bool:
        """Write the page when it is due; what fails is logged and tried again at the next look."""
        if not self.is_due():
            return False
        quiet = asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(
            *COMMAND, str(self._page), cwd=ROOT, stdout=quiet, stderr=quiet
        )
        try:
            status = await process.wait()
        except asyncio.CancelledError:  # the bot stops
            process.kill()
            raise
        if status:
            logger.error("The insights page was not written. Cure: `make insights` says why.")
        return status == 0
