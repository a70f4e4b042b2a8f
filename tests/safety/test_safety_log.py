"""The counts of safety answers: numbers by rule, notices only when the clinic asks, no message text."""

import sqlite3
from datetime import datetime, timezone
from pathlib import Path

import pytest

from hair_answers.operations.safety_log import Notice, SafetyLog


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
