"""A block that cannot work is refused with all its faults, and never with a secret."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from hair_answers.channels.settings import SettingsError, SlackSettings, TelegramSettings
from hair_answers.channels.website import sessions
from hair_answers.operations import doctor
from hair_answers.operations.doctor import configuration_faults, examine
from hair_answers.operations.training import ROOT
from tests.channels.stand_ins.slack import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET
from tests.channels.stand_ins.telegram import SECRET, TOKEN

WEBHOOK = "https://bot.clinic.example/webhooks/telegram/webhook"
SLACK = {"bot_token": BOT_TOKEN, "signing_secret": SIGNING_SECRET}
TELEGRAM = {"access_token": TOKEN, "secret_token": SECRET, "webhook_url": WEBHOOK}
COMPLETE = {
    "SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_SIGNING_SECRET": SIGNING_SECRET, "TELEGRAM_ACCESS_TOKEN": TOKEN,
    "TELEGRAM_SECRET_TOKEN": SECRET, "TELEGRAM_WEBHOOK_URL": WEBHOOK, doctor.METRICS_VARIABLE: "m" * 32,
}  # fmt: skip
PRODUCTION = ROOT / "credentials.production.yml"
ENDPOINTS = ROOT / "endpoints.yml"


def faults(read: Any, block: dict[str, Any] | None) -> str:
    with pytest.raises(SettingsError) as caught:
        read(block)
    return str(caught.value)


def test_good_blocks_are_read() -> None:
    assert SlackSettings.read(SLACK).api_base == "https://slack.com/api/"
    assert SlackSettings.read({"bot_token": BOT_TOKEN, "app_token": APP_TOKEN}).signing_secret == ""
    assert TelegramSettings.read(TELEGRAM).mode == "webhook"
    assert TelegramSettings.read({"access_token": TOKEN, "mode": "polling"}).secret_token == ""


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"bot_token": "xoxp-1111111111-2222"}, "bot_token"), ({"bot_token": None}, "bot_token"),
        ({"signing_secret": "short"}, "signing_secret"), ({"signing_secret": ""}, "signing_secret"),
        ({"app_token": "xoxb-1111111111"}, "app_token"), ({"slack_token": "x"}, "slack_token"),
        ({"api_base": "slack.com"}, "api_base"),
    ],
)  # fmt: skip
def test_each_fault_of_a_slack_block_is_named(change: dict[str, Any], named: str) -> None:
    assert f"slack: `{named}`" in faults(SlackSettings.read, {**SLACK, **change})


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"access_token": "123"}, "access_token"), ({"secret_token": ""}, "secret_token"),
        ({"secret_token": "with spaces and more than 24"}, "secret_token"), ({"mode": "push"}, "mode"),
        ({"webhook_url": ""}, "webhook_url"), ({"webhook_url": WEBHOOK.replace("https", "http")}, "webhook_url"),
        ({"webhook_url": "https://bot.clinic.example/"}, "webhook_url"), ({"verify": "bot"}, "verify"),
        ({"webhook_url": WEBHOOK.replace(".example", ".example:5005")}, "webhook_url"),
        ({"webhook_url": "https://bot.clinic.example:x/webhooks/telegram/webhook"}, "webhook_url"),
    ],
)  # fmt: skip
def test_each_fault_of_a_telegram_block_is_named(change: dict[str, Any], named: str) -> None:
    assert f"telegram: `{named}`" in faults(TelegramSettings.read, {**TELEGRAM, **change})


def test_all_faults_come_together_and_no_secret_with_them() -> None:
    text = faults(
        TelegramSettings.read, {"access_token": "my-secret-value", "secret_token": "other secret", "x": 1}
    )
    assert text.count("telegram: ") == 4
    assert "my-secret-value" not in text and "other secret" not in text
    assert "15 characters" in text


def test_the_production_file_holds_no_secret_and_is_complete_with_its_variables() -> None:
    blocks = yaml.safe_load(PRODUCTION.read_text())
    values = [value for block in blocks.values() for value in (block or {}).values()]
    assert values and all(value.startswith("${") and value.endswith("}") for value in values)
    assert configuration_faults(PRODUCTION, ENDPOINTS, COMPLETE) == []


@pytest.mark.parametrize("name", COMPLETE)
def test_each_missing_or_malformed_variable_is_one_fault(name: str) -> None:
    for value in (None, "x"):
        environment = {**COMPLETE, name: value} if value else {k: v for k, v in COMPLETE.items() if k != name}
        found = configuration_faults(PRODUCTION, ENDPOINTS, environment)
        assert len(found) == 1, found


def test_the_doctor_names_what_a_clinic_has_not_changed() -> None:
    findings = list(examine(ROOT, PRODUCTION, ENDPOINTS, {**COMPLETE, doctor.SECRET_VARIABLE: "short"}))
    fault = next(finding.text for finding in findings if finding.level == "fault")
    assert fault.startswith("HAIR_ANSWERS_SECRET has 5 characters")
    assert any("`phone` is still the demo value" in finding.text for finding in findings)
    assert (doctor.SECRET_VARIABLE, doctor.SHORTEST_SECRET) == (
        sessions.SECRET_VARIABLE,
        sessions.SHORTEST_SECRET,
    )


def test_a_foreign_channel_and_a_missing_file_are_named(tmp_path: Path) -> None:
    (tmp_path / "c.yml").write_text("rest:\nhair_answers.channels.rest.IntegratorInput:\n")
    assert "rest is none of this bot's channels" in configuration_faults(tmp_path / "c.yml", ENDPOINTS, {})[0]
    assert "c2.yml is missing" in configuration_faults(tmp_path / "c2.yml", ENDPOINTS, {})[0]


@pytest.mark.server
def test_rasa_refuses_to_start_and_says_all_that_is_wrong(tmp_path: Path) -> None:
    block = {"access_token": "nonsense", "webhook_url": "http://x"}
    path = tmp_path / "credentials.yml"
    path.write_text(yaml.safe_dump({"hair_answers.channels.telegram.TelegramClinicInput": block}))
    command = [sys.executable, "-m", "rasa", "run", "--credentials", str(path), "--port", "1"]
    environment = {**os.environ, "HAIR_ANSWERS_ACTION_URL": "http://127.0.0.1:9"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=90)
    said = done.stdout + done.stderr
    assert done.returncode == 1 and "Traceback" not in said
    for name in ("access_token", "secret_token", "webhook_url"):
        assert f"telegram: `{name}`" in said
    assert "nonsense" not in said
