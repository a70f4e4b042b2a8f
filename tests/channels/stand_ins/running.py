"""A real `rasa run` with the trained model, talking to the stand-ins instead of Slack and Telegram."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from hair_answers.operations.noise import quiet_environment
from hair_answers.operations.ports import free_port
from hair_answers.operations.training import ROOT, train

from .slack import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, SlackStandIn
from .telegram import SECRET, TOKEN, TelegramStandIn

API_TOKEN = "api-token-of-the-test"
START_SECONDS = 90.0


@dataclass
class Running:
    """One server process, which may be killed and started again on the same port and state."""

    folder: Path
    slack: SlackStandIn
    telegram: TelegramStandIn
    slack_block: dict[str, Any] = field(default_factory=dict)
    telegram_block: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return (self.folder / "log.txt").read_text(errors="replace")

    def start(self) -> Running:
        """Start and return when the server listens, which it does once the model is loaded."""
        self.port = self.port or free_port()
        self.slack.webhook = f"{self.url}/webhooks/slack/webhook"
        model = train(ROOT)
        command = [sys.executable, "-m", "rasa", "run", "--model", str(model), "--port", str(self.port)]
        command += ["--interface", "127.0.0.1", "--endpoints", str(self._endpoints())]
        command += ["--credentials", str(self._credentials()), "--enable-api", "--auth-token", API_TOKEN]
        proxies = {name: "" for name in os.environ if name.lower().endswith("_proxy")}
        environment = {**quiet_environment(), "LOG_LEVEL": "INFO", **proxies, **self.environment}
        with (self.folder / "log.txt").open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended with {self.process.returncode}:\n{self.log[-3000:]}")
            try:
                urllib.request.urlopen(f"{self.url}/webhooks/slack/", timeout=2).close()
                return self
            except OSError:
                time.sleep(0.05)
        raise AssertionError(f"the server was not up in {START_SECONDS:.0f} s:\n{self.log[-3000:]}")

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(30)

    def _endpoints(self) -> Path:
        data = yaml.safe_load((ROOT / "endpoints.yml").read_text())
        data["tracker_store"]["db"] = str(self.folder / "conversations.db")
        data["action_endpoint"] = {
            "url": "http://127.0.0.1:9/webhook"
        }  # nobody there: plain answers need none
        return self._write("endpoints.yml", data)

    def _credentials(self) -> Path:
        deliveries = str(self.folder / "deliveries.db")
        slack = {"bot_token": BOT_TOKEN, "api_base": f"{self.slack.url}/api/", "deliveries": deliveries}
        telegram = {"access_token": TOKEN, "api_base": self.telegram.url, "deliveries": deliveries}
        slack_block = self.slack_block or {"signing_secret": SIGNING_SECRET}
        webhook = {"webhook_url": f"{self.url}/webhooks/telegram/webhook", "secret_token": SECRET}
        blocks = {
            "hair_answers.channels.slack.SlackClinicInput": {**slack, **slack_block},
            "hair_answers.channels.telegram.TelegramClinicInput": {
                **telegram,
                **(self.telegram_block or webhook),
            },
        }
        return self._write("credentials.yml", blocks)

    def _write(self, name: str, data: Any) -> Path:
        path = self.folder / name
        path.write_text(yaml.safe_dump(data))
        return path


SOCKET_MODE = {"app_token": APP_TOKEN}
POLLING = {"mode": "polling"}
