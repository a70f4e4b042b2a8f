"""The counts of safety answers: numbers by rule, notices only when the clinic asks, no message text."""

import sqlite3
from datetime import datetime, timezone
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from hair_answers.knowledge.library import Library
from hair_answers.nlu import safety_rules
from hair_answers.operations import delivery, outbox
from hair_answers.operations.safety_log import ALERT_TIERS, Notice, SafetyLog, tell_clinic


def clock() -> datetime:
    return datetime(2026, 11, 22, 9, 30, 12, tzinfo=timezone.utc)


def test_counts_by_day_rule_and_tier(tmp_path: Path) -> None:
    log = SafetyLog(tmp_path / "deep" / "safety.db", clock=clock)
    for rule, tier in (("R01", 0), ("R01", 0), ("R18", "support")):
        log.record(rule, tier)
    assert log.counts() == [("2026-11-22", "R01", "0", 2), ("2026-11-22", "R18", "support", 1)]


def test_no_notice_unless_the_clinic_asked(tmp_path: Path) -> None:
    log = SafetyLog(tmp_path / "safety.db", clock=clock)
    log.record("R01", 0)
    assert log.notices() == []


def test_notices_of_urgent_answers_only(tmp_path: Path) -> None:
    seen: list[Notice] = []
    log = SafetyLog(tmp_path / "safety.db", alerts=True, notify=seen.append, clock=clock)
    for rule, tier in (("R01", 0), ("R03", 1), ("R05", 2), ("R18", "support")):
        log.record(rule, tier)
    assert [notice.rule for notice in seen] == ["R01", "R03"]
    assert log.notices() == [("2026-11-22 09:30", "R01", "0"), ("2026-11-22 09:30", "R03", "1")]


def test_the_file_has_no_place_for_a_message_or_a_person(tmp_path: Path) -> None:
    log = SafetyLog(tmp_path / "safety.db")
    log.record("R01", 0)
    with sqlite3.connect(tmp_path / "safety.db") as store:
        columns = {
            row[1] for table in ("counts", "notices") for row in store.execute(f"PRAGMA table_info({table})")
        }
    assert columns == {"day", "rule", "tier", "messages", "id", "at", "seen"}


def test_a_failing_disk_does_not_stop_an_answer(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("no folder")
    SafetyLog(tmp_path / "file" / "safety.db").record("R01", 0)
    assert "not counted" in caplog.text


@pytest.fixture
def list_of_requests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> outbox.Outbox:
    address = f"sqlite:///{tmp_path / 'outbox.db'}"
    monkeypatch.setenv(outbox.VARIABLE, address)
    return outbox.Outbox(address)


def test_an_alert_reaches_the_clinics_list_once_a_minute(
    tmp_path: Path, list_of_requests: outbox.Outbox
) -> None:
    log = SafetyLog(tmp_path / "safety.db", alerts=True, notify=tell_clinic, clock=clock)
    for rule, tier in (("R01", 0), ("R01", 0), ("R03", 1), ("R05", 2)):
        log.record(rule, tier)
    rows = list_of_requests.requests()
    assert sorted(row.reason for row in rows) == ["alert:R01", "alert:R03"]
    assert {(row.name, row.contact) for row in rows} == {("", "")}


def test_without_alerts_the_clinics_list_stays_empty(tmp_path: Path, list_of_requests: outbox.Outbox) -> None:
    SafetyLog(tmp_path / "safety.db", notify=tell_clinic, clock=clock).record("R01", 0)
    assert list_of_requests.requests() == []
    assert Library.default().clinic.safety_alerts is False


def test_an_alert_says_what_and_when_but_not_that_somebody_asked(list_of_requests: outbox.Outbox) -> None:
    tell_clinic(Notice("2026-11-22 09:30", "R01", 0))
    request = list_of_requests.claim()
    assert request is not None
    said = delivery.describe(request, Library.default().clinic)
    assert "self-harm" in said and "Nobody asked to be contacted" in said


def test_every_urgent_rule_has_words_for_the_staff() -> None:
    urgent = {rule.rule for rule in safety_rules.load().rules if rule.tier in ALERT_TIERS}
    assert urgent == set(delivery.wording()["rules"])


def test_a_failing_list_does_not_stop_an_answer(
    list_of_requests: outbox.Outbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(outbox, "shared_outbox", lambda: Broken())
    tell_clinic(Notice("2026-11-22 09:30", "R01", 0))
    assert "not put on the clinic's list" in caplog.text


class Broken:
    def submit(self, *_: str) -> str:
        raise OperationalError("the disk is full", None, Exception())
