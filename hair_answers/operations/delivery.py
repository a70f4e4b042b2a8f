"""Takes a request to the clinic: by e-mail or to Slack. The list itself needs no delivery."""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Mapping
from datetime import datetime
from email.message import EmailMessage
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from slack_sdk.webhook import WebhookClient

from hair_answers.knowledge.clinic import Clinic
from hair_answers.operations.outbox import Request

WORDING = Path(__file__).with_name("delivery.yml")
TIMEOUT = 15  # seconds
Send = Callable[[Request], None]


class CannotDeliver(RuntimeError):
    """The target did not take the request; the message names the cure."""


@lru_cache(maxsize=1)
def wording() -> dict[str, Any]:
    """Return delivery.yml."""
    data: dict[str, Any] = yaml.safe_load(WORDING.read_text(encoding="utf-8"))
    return data


def sender_for(clinic: Clinic, environment: Mapping[str, str]) -> Send | None:
    """Return what delivers to the clinic's target, or None when staff read the list itself."""
    if clinic.handoff.target == "email":
        return lambda request: send_email(request, clinic, environment)
    if clinic.handoff.target == "slack":
        return lambda request: post_to_slack(request, clinic, environment)
    return None


def describe(request: Request, clinic: Clinic) -> str:
    """Return the request in words, in the clinic's own time."""
    words = wording()
    kind, _, rule = request.reason.partition(":")
    when = datetime.fromtimestamp(request.created, ZoneInfo(clinic.timezone)).strftime("%d %b %Y, %H:%M")
    if rule:
        sign = words["rules"].get(rule, rule)
        return str(words[kind].format(reference=request.reference, rule=rule, sign=sign, when=when))
    reason = words["reasons"].get(request.reason, words["reasons"]["asked"])
    return str(
        words["body"].format(
            reference=request.reference, name=request.name, contact=request.contact, reason=reason, when=when
        )
    )


def _subject(request: Request) -> str:
    return "alert_subject" if ":" in request.reason else "subject"


def send_email(request: Request, clinic: Clinic, environment: Mapping[str, str]) -> None:
    """Send by SMTP; the message id is the reference, so that a mail server can tell a repeat."""
    host = environment.get("SMTP_HOST")
    if not host:
        raise CannotDeliver("SMTP_HOST is not set. Cure: set it to the clinic's mail server.")
    message = EmailMessage()
    message["Subject"] = wording()[_subject(request)].format(reference=request.reference)
    message["From"] = environment.get("SMTP_FROM") or clinic.handoff.email
    message["To"] = clinic.handoff.email
    message["Message-ID"] = f"<{request.reference}@hair-answers.local>"
    message.set_content(describe(request, clinic))
    with smtplib.SMTP(host, int(environment.get("SMTP_PORT", "587")), timeout=TIMEOUT) as server:
        if environment.get("SMTP_STARTTLS", "yes") == "yes":
            server.starttls()
        if user := environment.get("SMTP_USER"):
            server.login(user, environment.get("SMTP_PASSWORD", ""))
        server.send_message(message)


def post_to_slack(request: Request, clinic: Clinic, environment: Mapping[str, str]) -> None:
    """Post to the web hook whose address the named setting holds."""
    address = environment.get(clinic.handoff.slack_webhook, "")
    if not address:
        name = clinic.handoff.slack_webhook
        raise CannotDeliver(f"{name} is not set. Cure: set it to the address of Slack's incoming web hook.")
    answer = WebhookClient(address, timeout=TIMEOUT).send(text=describe(request, clinic))
    if answer.status_code != 200:
        raise CannotDeliver(f"Slack answered {answer.status_code}. Cure: check the web hook's address.")
