"""What the credentials file may say about Slack and Telegram, checked before a start. No Rasa import."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hair_answers.channels.deduplication import FILE

SLACK_API = "https://slack.com/api/"
TELEGRAM_API = "https://api.telegram.org"
TELEGRAM_PORTS = (443, 80, 88, 8443)
TELEGRAM_PATH = "/webhooks/telegram/webhook"
MODES = ("webhook", "polling")


class SettingsError(ValueError):
    """A block of the credentials file that cannot work; `faults` has one line a fault and never a secret."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(faults))


@dataclass(frozen=True)
class SlackSettings:
    """Slack's block: events come to a web address (signing_secret) or through Socket Mode (app_token)."""

    bot_token: str
    signing_secret: str
    app_token: str
    api_base: str
    deliveries: Path

    @classmethod
    def read(cls, block: Mapping[str, Any] | None) -> SlackSettings:
        """Return the settings of a block; SettingsError lists everything that is wrong with it."""
        reader = _Reader(
            "slack", block, ("bot_token", "signing_secret", "app_token", "api_base", "deliveries")
        )
        where = "api.slack.com/apps"
        settings = cls(
            reader.secret("bot_token", r"xoxb-[A-Za-z0-9-]{10,}", f"the xoxb-… token of {where} → OAuth"),
            reader.secret(
                "signing_secret",
                r"[0-9a-f]{32}",
                f"32 hexadecimal digits of {where} → Basic Information",
                False,
            ),
            reader.secret(
                "app_token",
                r"xapp-[A-Za-z0-9-]{10,}",
                f"the xapp-… token of {where} → App-Level Tokens",
                False,
            ),
            reader.base("api_base", SLACK_API).rstrip("/") + "/",
            Path(reader.text("deliveries", str(FILE))),
        )
        if not (settings.signing_secret or settings.app_token):
            reader.fault(
                "signing_secret",
                "is missing",
                "set it, or app_token for Socket Mode: one of the two must be there",
            )
        reader.finish()
        return settings


@dataclass(frozen=True)
class TelegramSettings:
    """Telegram's block: updates are sent to `webhook_url`, or fetched by polling."""

    access_token: str
    mode: str
    webhook_url: str
    secret_token: str
    api_base: str
    deliveries: Path

    @classmethod
    def read(cls, block: Mapping[str, Any] | None) -> TelegramSettings:
        """Return the settings of a block; SettingsError lists everything that is wrong with it."""
        keys = ("access_token", "mode", "webhook_url", "secret_token", "api_base", "deliveries")
        reader = _Reader("telegram", block, keys)
        mode = reader.text("mode", "webhook")
        if mode not in MODES:
            reader.fault("mode", f"is {mode!r}", f"write one of: {', '.join(MODES)}")
        webhook = mode == "webhook"
        settings = cls(
            reader.secret("access_token", r"\d{6,12}:[A-Za-z0-9_-]{35}", "the token of @BotFather"),
            mode,
            reader.text("webhook_url", ""),
            reader.secret(
                "secret_token", r"[A-Za-z0-9_-]{24,256}",
                'make one: python -c "import secrets; print(secrets.token_urlsafe(32))"', webhook,
            ),
            reader.base("api_base", TELEGRAM_API),
            Path(reader.text("deliveries", str(FILE))),
        )  # fmt: skip
        if webhook:
            _check_webhook(reader, settings)
        reader.finish()
        return settings


def _check_webhook(reader: _Reader, settings: TelegramSettings) -> None:
    """Report an address Telegram would refuse; one's own Bot API server takes http and any port."""
    address = urlsplit(settings.webhook_url)
    own_server = settings.api_base != TELEGRAM_API
    schemes = ("https", "http") if own_server else ("https",)
    try:
        port = address.port or (443 if address.scheme == "https" else 80)
    except ValueError:
        port = 0
    good = address.scheme in schemes and address.hostname and address.path == TELEGRAM_PATH
    if not good or not (own_server or port in TELEGRAM_PORTS):
        found = f"is {settings.webhook_url!r}" if settings.webhook_url else "is missing or empty"
        ports = ", ".join(map(str, TELEGRAM_PORTS))
        reader.fault("webhook_url", found, f"write https://<your host>{TELEGRAM_PATH}, on port {ports}")


class _Reader:
    """Reads one block and gathers its faults."""

    def __init__(self, name: str, block: Mapping[str, Any] | None, keys: Sequence[str]) -> None:
        self._name, self._block, self._faults = name, block or {}, []  # type: tuple[str, Any, list[str]]
        for key in self._block:
            if key not in keys:
                self.fault(str(key), "is not a known key", f"use one of: {', '.join(keys)}")

    def fault(self, key: str, what: str, cure: str) -> None:
        self._faults.append(f"{self._name}: `{key}` {what} → {cure}")

    def text(self, key: str, default: str) -> str:
        value = self._block.get(key)
        return default if value is None or value == "" else str(value).strip()

    def secret(self, key: str, pattern: str, cure: str, required: bool = True) -> str:
        """Return a secret; what is reported about a wrong one is its length alone."""
        value = self.text(key, "")
        if not value:
            if required:
                self.fault(key, "is missing or empty", cure)
        elif not re.fullmatch(pattern, value):
            self.fault(key, f"does not look right ({len(value)} characters)", cure)
        return value

    def base(self, key: str, default: str) -> str:
        value = self.text(key, default)
        if not re.fullmatch(r"https?://[^\s?#]+", value):
            self.fault(key, f"is {value!r}", f"leave it out, or write an address such as {default}")
        return value.rstrip("/")

    def finish(self) -> None:
        if self._faults:
            raise SettingsError(self._faults)
