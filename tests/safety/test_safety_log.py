"""The counts of safety answers: numbers by rule, notices only when the clinic asks, no message text."""

import sqlite3
from datetime import datetime, timezone
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from hair_answers.knowledge.library import Library
from hair_answers.nlu import safety_rules
from hair_answers.operations import delivery, outbox, safety_log
from hair_answers.operations.safety_log import ALERT_TIERS, Notice, SafetyLog, tell_clinic


def clock() -> datetime:
    return datetime(2026, 11, 22, 9, 30, 12, tzinfo=timezone.utc)


def test_counts_by_day_rule_and_tier(tmp_path: Path) -> None:
    log = SafetyLog(tmp_path / "deep" / "safety.db", clock=clock)
    for rule, tier in (("R01", 0), ("R01", 0), ("R18", "support")):
        log.record(rule, tier)
    assert log.settle()
    assert log.counts() == [("2026-11-22", "R01", "0", 2), ("2026-11-22", "R18", "support", 1)]


def test_no_notice_unless_the_clinic_asked(tmp_path: Path) -> None:
    log = SafetyLog(tmp_path / "safety.db", clock=clock)
    log.record("R01", 0)
    assert log.settle()
    assert log.notices() == []


def test_notices_of_urgent_answers_only(tmp_path: Path) -> None:
    seen: list[Notice] = []
    log = SafetyLog(tmp_path / "safety.db", alerts=True, notify=seen.append, clock=clock)
    for rule, tier in (("R01", 0), ("R03", 1), ("R05", 2), ("R18", "support")):
        log.record(rule, tier)
    assert log.settle()
    assert [notice.rule for notice in seen] == ["R01", "R03"]
    assert log.notices() == [("2026-11-22 09:30", "R01", "0"), ("2026-11-22 09:30", "R03", "1")]


def test_the_file_has_no_place_for_a_message_or_a_person(tmp_path: Path) -> None:
    log = SafetyLog(tmp_path / "safety.db")
    log.record("R01", 0)
    assert log.settle()
    with sqlite3.connect(tmp_path / "safety.db") as store:
        columns = {
            row[1] for table in ("counts", "notices") for row in store.execute(f"PRAGMA table_info({table})")
        }
    assert columns == {"day", "rule", "tier", "messages", "id", "at", "seen"}


def test_a_failing_disk_does_not_stop_an_answer_and_loses_no_count(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(safety_log, "RETRY_SECONDS", 0.01)
    folder = tmp_path / "folder"
    folder.write_text("no folder")
    log = SafetyLog(folder / "safety.db", clock=clock)
    log.record("R01", 0)
    assert not log.settle(0.1)
    assert "waits to be counted" in caplog.text
    folder.unlink()
    assert log.settle()
    assert log.counts() == [("2026-11-22", "R01", "0", 1)]


def test_an_entry_that_can_never_be_written_holds_up_no_other(tmp_path: Path) -> None:
    def refuse(_: Notice) -> None:
        raise TypeError("a fault in the program")

    log = SafetyLog(tmp_path / "safety.db", alerts=True, notify=refuse, clock=clock)
    log.record("R01", 0)
    assert log.settle()
    assert log.counts() == [("2026-11-22", "R01", "0", 1)]


def test_the_environment_names_a_shared_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(safety_log.VARIABLE, f"sqlite:///{tmp_path / 'shared.db'}")
    for name in ("one", "two"):
        log = SafetyLog(tmp_path / name / "safety.db", clock=clock)
        log.record("R01", 0)
        assert log.settle()
    assert log.counts() == [("2026-11-22", "R01", "0", 2)]


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
    assert log.settle()
    rows = list_of_requests.requests()
    assert sorted(row.reason for row in rows) == ["alert:R01", "alert:R03"]
    assert {(row.name, row.contact) for row in rows} == {("", "")}


def test_without_alerts_the_clinics_list_stays_empty(tmp_path: Path, list_of_requests: outbox.Outbox) -> None:
    log = SafetyLog(tmp_path / "safety.db", notify=tell_clinic, clock=clock)
    log.record("R01", 0)
    assert log.settle()
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


def test_a_list_that_is_away_gets_the_notice_when_it_is_back(
    tmp_path: Path, list_of_requests: outbox.Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(safety_log, "RETRY_SECONDS", 0.01)
    lists = [Broken(), Broken(), list_of_requests]
    monkeypatch.setattr(outbox, "shared_outbox", lambda: lists.pop(0))
    log = SafetyLog(tmp_path / "safety.db", alerts=True, notify=tell_clinic, clock=clock)
    log.record("R01", 0)
    assert log.settle()
    assert [row.reason for row in list_of_requests.requests()] == ["alert:R01"]


class Broken:
    def submit(self, *_: str) -> str:
        raise OperationalError("the database is away", None, Exception())
