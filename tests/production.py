"""The production stack with every channel in it; only Slack's and Telegram's own servers are stood in for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from hair_answers.operations.stack import Stack, temporary_folder
from hair_answers.operations.training import ROOT, train
from tests.channels.stand_ins.slack import BOT_TOKEN, SIGNING_SECRET, SlackStandIn
from tests.channels.stand_ins.telegram import SECRET, TOKEN, TelegramStandIn

BOTS = ("bot1", "bot2")


@dataclass(frozen=True)
class Production:
    """PostgreSQL, Redis, RabbitMQ, the action server, two bots, nginx; and the platforms that talk to them."""

    stack: Stack
    slack: SlackStandIn
    telegram: TelegramStandIn

    @property
    def folder(self) -> Path:
        """Where everything but PostgreSQL's tables is kept: logs, small databases, queues."""
        return self.stack.folder

    def address_of(self, service: str) -> str:
        """Return where one service listens."""
        return f"http://127.0.0.1:{self.stack.services[service].port}"


@contextmanager
def running_production() -> Iterator[Production]:
    """Start everything; stop everything at the end."""
    os.chdir(ROOT)
    model = train(ROOT)
    slack, telegram = SlackStandIn(), TelegramStandIn()
    slack.start()
    telegram.start()
    with temporary_folder() as folder:
        stack = Stack(folder, model, bots=len(BOTS))
        _give_every_channel(stack, slack, telegram)
        try:
            stack.start()
            yield Production(stack, slack, telegram)
        finally:
            stack.stop()
            slack.stop()
            telegram.stop()


def _give_every_channel(stack: Stack, slack: SlackStandIn, telegram: TelegramStandIn) -> None:
    """Write the credentials of all channels; each bot keeps its own list of deliveries, and logs more than usual."""
    credentials: dict[str, Any] = {
        "hair_answers.channels.rest.IntegratorInput": None,
        "hair_answers.operations.health.HealthInput": None,
        # One test says more than a person would.
        "hair_answers.channels.website.WebsiteInput": {"messages": 100_000},
        "hair_answers.channels.slack.SlackClinicInput": {
            "bot_token": BOT_TOKEN,
            "signing_secret": SIGNING_SECRET,
            "api_base": f"{slack.url}/api/",
            "deliveries": "${DELIVERIES}",
        },
        "hair_answers.channels.telegram.TelegramClinicInput": {
            "access_token": TOKEN,
            "secret_token": SECRET,
            "api_base": telegram.url,
            "webhook_url": f"{stack.url}/webhooks/telegram/webhook",
            "deliveries": "${DELIVERIES}",
        },
    }
    (stack.folder / "credentials.yml").write_text(yaml.safe_dump(credentials))
    slack.webhook = f"{stack.url}/webhooks/slack/webhook"
    no_proxies = {name: "" for name in os.environ if name.lower().endswith("_proxy")}
    for name in BOTS:
        service = stack.services[name]
        own = {"DELIVERIES": str(stack.folder / f"{name}-deliveries.db"), "LOG_LEVEL": "INFO"}
        service.environment = {**service.environment, **no_proxies, **own}
