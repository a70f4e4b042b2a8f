"""One real server with both channels for the tests that only talk to it, and one at a time for the others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.channels.stand_ins.loopback import wait_for
from tests.channels.stand_ins.running import Running
from tests.channels.stand_ins.slack import SlackStandIn
from tests.channels.stand_ins.telegram import TelegramStandIn


@contextmanager
def platforms(folder: Path, **settings: Any) -> Iterator[Running]:
    """A server that is not started yet, with its stand-ins; all stopped at the end."""
    slack, telegram = SlackStandIn(), TelegramStandIn()
    slack.start()
    telegram.start()
    running = Running(folder, slack, telegram, **settings)
    try:
        yield running
    finally:
        if running.process is not None and running.process.poll() is None:
            running.stop()
        slack.stop()
        telegram.stop()


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The server of the tests that only talk to it: Slack by web address, Telegram by webhook."""
    with platforms(tmp_path_factory.mktemp("channels")) as server:
        server.start()
        wait_for(lambda: server.telegram.webhook, what="the webhook")
        yield server


@pytest.fixture
def slack(running: Running) -> SlackStandIn:
    return running.slack


@pytest.fixture
def telegram(running: Running) -> TelegramStandIn:
    return running.telegram
