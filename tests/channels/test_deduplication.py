"""The inbox over restarts: ids stay, contents go, nothing grows without end."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from hair_answers.channels import deduplication
from hair_answers.channels.deduplication import Inbox, Waiting


def test_an_id_is_accepted_once_for_each_channel(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "d.db")
    assert inbox.accept("slack", "1", "{}") and inbox.accept("telegram", "1", "{}")
    assert not inbox.accept("slack", "1", "{}")


def test_after_a_restart_the_unanswered_wait_in_order_and_the_answered_are_known(tmp_path: Path) -> None:
    first = Inbox(tmp_path / "d.db")
    for event_id in ("c", "a", "b"):
        first.accept("slack", event_id, f"event {event_id}")
    first.answered("slack", "a")
    first.close()
    second = Inbox(tmp_path / "d.db")
    assert second.resume("slack") == [Waiting("c", "event c"), Waiting("b", "event b")]
    assert second.resume("telegram") == []
    assert not second.accept("slack", "a", "x")


def test_what_was_said_is_gone_once_it_is_answered(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "d.db")
    inbox.accept("slack", "1", "a zebra question")
    assert any(b"zebra" in path.read_bytes() for path in tmp_path.iterdir())
    inbox.answered("slack", "1")
    assert not any(b"zebra" in path.read_bytes() for path in tmp_path.iterdir()), "while the bot runs, too"


def test_what_never_ends_is_given_up(tmp_path: Path) -> None:
    Inbox(tmp_path / "d.db").accept("slack", "1", "x")
    found = [len(Inbox(tmp_path / "d.db").resume("slack")) for _ in range(deduplication.TRIES + 1)]
    assert found == [1] * deduplication.TRIES + [0]


def test_an_old_question_is_not_answered_out_of_the_blue(tmp_path: Path) -> None:
    now = 1_000_000.0
    Inbox(tmp_path / "d.db", lambda: now).accept("slack", "1", "x")
    later = now + deduplication.RESUME_SECONDS + 1
    assert Inbox(tmp_path / "d.db", lambda: later).resume("slack") == []


def test_what_nobody_could_be_told_is_not_kept_for_long(tmp_path: Path) -> None:
    now = [1_000_000.0]
    inbox = Inbox(tmp_path / "d.db", lambda: now[0])
    inbox.accept("slack", "1", "a zebra question")
    inbox.drop_old()
    assert any(b"zebra" in path.read_bytes() for path in tmp_path.iterdir())
    now[0] += deduplication.RESUME_SECONDS + 1
    inbox.drop_old()
    assert not any(b"zebra" in path.read_bytes() for path in tmp_path.iterdir())
    assert not inbox.accept("slack", "1", "x"), "its id stays known"


def test_it_is_bounded_and_keeps_what_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deduplication, "KEPT", 50)
    monkeypatch.setattr(deduplication, "TRIM_EVERY", 10)
    inbox = Inbox(tmp_path / "d.db")
    inbox.accept("slack", "waiting", "x")
    for number in range(300):
        inbox.accept("slack", str(number), "x")
        inbox.answered("slack", str(number))
    inbox.close()
    count = sqlite3.connect(tmp_path / "d.db").execute("select count(*) from deliveries").fetchone()[0]
    assert count <= 61
    assert Inbox(tmp_path / "d.db").resume("slack") == [Waiting("waiting", "x")]


def test_a_place_that_cannot_be_written_costs_the_restart_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    inbox = Inbox(tmp_path / "file" / "d.db")
    assert inbox.accept("slack", "1", "x") and not inbox.accept("slack", "1", "x")
    assert "until the next restart only" in caplog.text


def test_a_file_that_fails_later_costs_nobody_the_answer(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    inbox = Inbox(tmp_path / "d.db")
    inbox._store.execute("pragma query_only = on")  # as a full disk would
    assert inbox.accept("slack", "1", "x") and not inbox.accept("slack", "1", "x")
    inbox._store.execute("pragma query_only = on")
    inbox.answered("slack", "1")
    assert caplog.text.count("until the next restart only") == 2
