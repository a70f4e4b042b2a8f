"""Real headless Chromium, and the stand-in bot that can be stopped, restarted and asked for anything."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from tests.browser.chat_page import Chat

expect.set_options(timeout=10_000)

ROOT = Path(__file__).parents[2]
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
ARGUMENTS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
}
DESKTOP = {"viewport": {"width": 1280, "height": 800}}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder drives a browser."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker("browser")


def find_chromium() -> str:
    """The path of Chromium; fails with the cure when there is none."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    raise pytest.fail.Exception(
        f"No Chromium found (looked for {', '.join(NAMES)} on PATH). Install it: apt-get install -y chromium"
    )


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def contexts(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Makes browser contexts (a person's browser each) and closes them after the test."""
    made: list[BrowserContext] = []

    def make(**options: object) -> BrowserContext:
        made.append(browser.new_context(**{**DESKTOP, **options}))
        return made[-1]

    yield make
    for context in made:
        context.close()


@pytest.fixture
def chat(contexts: Callable[..., BrowserContext], bot_server: str) -> Chat:
    """A desktop browser on the real bot's page."""
    return Chat(contexts().new_page(), bot_server.rstrip("/"))


@pytest.fixture
def phone(contexts: Callable[..., BrowserContext], bot_server: str) -> Chat:
    """A phone on the real bot's page."""
    return Chat(contexts(**PHONE).new_page(), bot_server.rstrip("/"))


class StandIn:
    """The stand-in process on a free port that stays the same over restarts."""

    def __init__(self, state: Path, *settings: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.state, self.settings = state, settings
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> StandIn:
        """Start and wait until it answers."""
        script = [
            sys.executable,
            "tests/browser/stand_in.py",
            str(self.port),
            str(self.state),
            *self.settings,
        ]
        log = (self.state / "log").open("ab")
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(script, cwd=ROOT, env=environment, stdout=log, stderr=log)
        for _ in range(240):
            try:
                requests.get(f"{self.url}/webhooks/website/", timeout=2)
                return self
            except requests.ConnectionError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.25)
        raise AssertionError(f"The stand-in did not start:\n{(self.state / 'log').read_text()[-3000:]}")

    def stop(self) -> None:
        """End the process at once, as a crash would."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None


@pytest.fixture(scope="session")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    """A stand-in with a generous rate, shared by the tests that leave it running."""
    server = StandIn(tmp_path_factory.mktemp("stand_in"), "messages=1000").start()
    yield server
    server.stop()


@pytest.fixture
def scripted(contexts: Callable[..., BrowserContext], stand_in: StandIn) -> Chat:
    """A desktop browser on the stand-in's page."""
    return Chat(contexts().new_page(), stand_in.url)
