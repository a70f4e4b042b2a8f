"""What a clinic sets in clinic.yml: contact, region with its help lines, offers, hand-off, review limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hair_answers.knowledge.fields import Fields
from hair_answers.knowledge.problem import Report
from hair_answers.knowledge.yaml_file import expect_mapping, read_yaml

REGIONS = ("US", "UK", "IE", "EU", "CA", "AU", "other")
OFFERS = ("yes", "no", "unknown")
HANDOFF_TARGETS = ("outbox", "email", "slack")
LINE_KINDS = ("tel", "sms", "url")
PLACEHOLDERS = (
    "clinic_name", "clinic_phone", "clinic_hours", "clinic_booking", "clinic_offers", "clinic_price",
    "emergency_number", "urgent_line", "crisis_line", "crisis_line_others", "report_line",
)  # fmt: skip
FIELDS = (
    "name", "phone", "hours", "booking", "region", "timezone", "offers_therapy", "price_text", "handoff",
    "alerts", "review", "retention_days", "insights_every_days", "slack", "regions",
)  # fmt: skip
WORDING = "clinic_wording.yml"


@dataclass(frozen=True)
class Helpline:
    """A line to call (tel), text (sms) or open (url)."""

    name: str
    number: str
    kind: str
    note: str = ""


@dataclass(frozen=True)
class Region:
    """Emergency number and help lines of one part of the world."""

    emergency_number: str
    urgent_line: str
    crisis_line: Helpline
    others: tuple[Helpline, ...]
    report_line: str


@dataclass(frozen=True)
class Handoff:
    """Where a wish to speak to a person goes; `slack_webhook` names a secret, it is never the link."""

    target: str
    email: str
    slack_webhook: str


@dataclass(frozen=True)
class Clinic:
    """The clinic's settings; days are whole days."""

    name: str
    phone: str
    hours: str
    booking: str
    region: str
    timezone: str
    offers_therapy: str
    price_text: str
    handoff: Handoff
    safety_alerts: bool
    warn_after_due_days: int
    withhold_after_due_days: int
    retention_days: int
    slack_answer_in_threads: bool
    regions: Mapping[str, Region]
    wording: Mapping[str, Any]
    insights_every_days: int = 0

    @property
    def lines(self) -> Region:
        """The help lines of the clinic's own region."""
        return self.regions[self.region]

    def placeholders(self) -> dict[str, str]:
        """What each {placeholder} of an answer becomes."""
        others = [self._say(line) for line in self.lines.others]
        return {
            "clinic_name": self.name,
            "clinic_phone": self.phone or self.wording["no_phone"],
            "clinic_hours": self.hours,
            "clinic_booking": self.booking,
            "clinic_offers": self.wording["offers_therapy"][self.offers_therapy],
            "clinic_price": self.price_text,
            "emergency_number": self.lines.emergency_number,
            "urgent_line": self.lines.urgent_line,
            "crisis_line": self._say(self.lines.crisis_line),
            "crisis_line_others": self.wording["between_lines"].join(others) or self.wording["no_other_line"],
            "report_line": self.lines.report_line,
        }

    def helplines(self) -> tuple[Helpline, ...]:
        """The region's lines, the first to name first."""
        return (self.lines.crisis_line, *self.lines.others)

    def _say(self, line: Helpline) -> str:
        """One line as a sentence part."""
        said = self.wording["line"][line.kind].format(name=line.name, number=line.number)
        return f"{said} ({line.note})" if line.note else str(said)


def load_clinic(root: Path, report: Report) -> Clinic:
    """The settings of clinic.yml; every fault is reported with the value found and the cure."""
    file = read_yaml(root / "clinic.yml", root)
    here = Path(__file__).parent
    wording = read_yaml(here / WORDING, here).data
    data = expect_mapping(file, report)
    top = Fields(file, (), "clinic", data, report)
    top.refuse_unknown(FIELDS)
    handoff, alerts, review, slack = (_part(top, name) for name in ("handoff", "alerts", "review", "slack"))
    regions = _regions(top)
    region = top.choice("region", REGIONS, "other")
    if region not in regions:
        top.complain("regions", f"has no entry for {region}", f"add the help lines of {region}")
        regions[region] = _NO_LINES
    return Clinic(
        name=top.text("name"),
        phone=top.text("phone", required=False),
        hours=top.text("hours", required=False),
        booking=_web_address(top, "booking"),
        region=region,
        timezone=_timezone(top),
        offers_therapy=top.choice("offers_therapy", OFFERS, "unknown"),
        price_text=top.text("price_text"),
        handoff=_handoff(handoff),
        safety_alerts=alerts.flag("safety", False),
        warn_after_due_days=review.number("warn_after_due_days", 0),
        withhold_after_due_days=review.number("withhold_after_due_days", 365),
        retention_days=top.number("retention_days", 30, least=1),
        slack_answer_in_threads=slack.flag("answer_in_threads", False),
        regions=regions,
        wording=wording,
        # Younger than many a clinic's file: absent means never.
        insights_every_days=top.number("insights_every_days", 0) if "insights_every_days" in data else 0,
    )


_NO_LINES = Region("", "", Helpline("", "", "tel"), (), "")


def _part(fields: Fields, name: str) -> Fields:
    """A named group of settings; a missing one is reported and read as empty."""
    value = fields.data.get(name)
    if not isinstance(value, dict):
        fields.complain(
            name, f"is {value!r}, not a group of settings", "restore the group from the supplied clinic.yml"
        )
        value = {}
    return Fields(fields.file, (*fields.path, name), f"{fields.key} {name}", value, fields.report)


def _handoff(fields: Fields) -> Handoff:
    """The hand-off target with what that target needs."""
    target = fields.choice("target", HANDOFF_TARGETS, "outbox")
    email = fields.text("email", required=target == "email")
    webhook = fields.text("slack_webhook", required=target == "slack")
    if email and "@" not in email:
        fields.complain("email", f"is {email!r}, not an e-mail address", "write it as name@clinic.example")
    if webhook.startswith("http"):
        fields.complain(
            "slack_webhook", "holds the link itself", "name the secret setting that holds it instead"
        )
    return Handoff(target, email, webhook)


def _web_address(fields: Fields, name: str) -> str:
    """An https address."""
    value = fields.text(name)
    if value and not value.startswith("https://"):
        fields.complain(name, f"is {value!r}", "start it with https://")
    return value


def _timezone(fields: Fields) -> str:
    """A time zone the machine knows, such as Europe/London."""
    value = fields.text("timezone", "UTC")
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        fields.complain(
            "timezone", f"{value!r} is not a known time zone", "write Area/City, e.g. Europe/London"
        )
        return "UTC"
    return value


def _regions(top: Fields) -> dict[str, Region]:
    """Every region's lines."""
    group = _part(top, "regions")
    regions: dict[str, Region] = {}
    for name in group.data:
        if name not in REGIONS:
            group.complain(str(name), "is not a known region", f"use one of: {', '.join(REGIONS)}")
            continue
        lines = _part(group, name)
        lines.refuse_unknown(("emergency_number", "urgent_line", "crisis_line", "others", "report_line"))
        regions[name] = Region(
            emergency_number=_quoted(lines, "emergency_number"),
            urgent_line=lines.text("urgent_line"),
            crisis_line=_helpline(_part(lines, "crisis_line")),
            others=tuple(_helpline(entry) for entry in _entries(lines, "others")),
            report_line=lines.text("report_line"),
        )
    return regions


def _entries(fields: Fields, name: str) -> list[Fields]:
    """The groups of a list; anything else in it is reported."""
    value = fields.data.get(name)
    rows = value if isinstance(value, list) else []
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in rows):
        fields.complain(name, f"is {value!r}", "write a list of lines, or [] for none")
        rows = [row for row in rows if isinstance(row, dict)]
    return [
        Fields(
            fields.file, (*fields.path, name, index), f"{fields.key} {name} {index + 1}", row, fields.report
        )
        for index, row in enumerate(rows)
    ]


def _helpline(fields: Fields) -> Helpline:
    """One line."""
    fields.refuse_unknown(("name", "number", "kind", "note"))
    kind = fields.choice("kind", LINE_KINDS, "tel")
    number = _web_address(fields, "number") if kind == "url" else _quoted(fields, "number")
    return Helpline(fields.text("name"), number, kind, fields.text("note", required=False))


def _quoted(fields: Fields, name: str) -> str:
    """A phone number: it must be in quotes, because YAML reads 000 as 0."""
    value = fields.data.get(name)
    if isinstance(value, int):
        fields.complain(
            name, f"is {value!r} without quotes, so zeros at its start are lost", f'write `{name}: "…"`'
        )
    return fields.text(name)
