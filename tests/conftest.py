"""The running bot that server and browser tests talk to: the very `make run`, on free ports, once a test run."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hair_answers.operations.ports import free_port
from tests.production import Production, running_production

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 300.0  # a start that has to train first, on a busy machine


@dataclass
class Bot:
    """A running bot: its address, its process and its log."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path
    turns: int = field(default=0)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, message: str, sender: str | None = None) -> list[dict[str, Any]]:
        """Send one message over REST and return the bot's messages."""
        body = {"message": message} if sender is None else {"message": message, "sender": sender}
        request = urllib.request.Request(
            f"{self.url}/webhooks/rest/webhook",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as reply:
            return list(json.load(reply))

    def answers(self, message: str, sender: str | None = None) -> list[Any]:
        """Return the answer key of every message of one turn."""
        return [reply["metadata"].get("answer") for reply in self.ask(message, sender)]

    def stop(self) -> int:
        """Send SIGTERM and return the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


def start_bot(log: Path, root: Path = ROOT, **environment: str) -> Bot:
    """Start `make run`'s program on free ports and wait until it says that it is ready; `root` may be a copy."""
    port, action_port = free_port(), free_port()
    ports = {"PORT": str(port), "ACTION_PORT": str(action_port)}
    variables = {**os.environ, "PYTHONPATH": str(root), **ports, **environment}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "hair_answers.operations.run"],
            cwd=root, env=variables, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    bot = Bot(port, process, log)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        text = log.read_text(errors="replace")
        if "is ready" in text:
            return bot
        if process.poll() is not None:
            pytest.fail(f"the bot did not start:\n{text[-3000:]}")
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGKILL)
    pytest.fail(f"the bot was not ready in {START_SECONDS:.0f} s:\n{log.read_text(errors='replace')[-3000:]}")


@pytest.fixture(scope="session")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bot]:
    """One bot for every test that only talks to it."""
    running = start_bot(tmp_path_factory.mktemp("bot") / "log.txt")
    yield running
    running.stop()


@pytest.fixture(scope="session")
def production() -> Iterator[Production]:
    """One production stack of real processes for every test of it."""
    with running_production() as running:
        yield running


@pytest.fixture
def new_bot() -> Iterator[Callable[..., Bot]]:
    """Start a bot of one's own, with its own settings; it ends with the test."""
    started: list[Bot] = []

    def start(log: Path, root: Path = ROOT, **environment: str) -> Bot:
        started.append(start_bot(log, root, **environment))
        return started[-1]

    yield start
    for running in started:
        if running.process.poll() is None:
            running.stop()


@pytest.fixture(scope="session")
def bot_server(bot: Bot) -> str:
    """The running bot's address."""
    return bot.url


COPIED = ("hair_answers", "actions", "data", "evidence", "deploy", "widget")


@pytest.fixture
def copy_project(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Copy the program with other words in clinic.yml: a clinic's own settings, for real processes to read."""

    def copy(*changes: tuple[str, str]) -> Path:
        root = tmp_path_factory.mktemp("project")
        for name in COPIED:
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        for path in (*ROOT.glob("*.yml"), ROOT / "requirements.txt"):
            shutil.copy(path, root)
        (root / "models").symlink_to(ROOT / "models")
        text = (root / "clinic.yml").read_text()
        for old, new in changes:
            assert old in text, f"clinic.yml has no {old!r}"
            text = text.replace(old, new)
        (root / "clinic.yml").write_text(text)
        return root

    return copy
