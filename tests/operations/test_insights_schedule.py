"""The insights page comes by itself when the clinic asks for it, and only then."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from hair_answers.operations import insights_schedule
from hair_answers.operations.insights_schedule import ScheduledInsights
from hair_answers.storage.database import Address, make_engine, prepare
from hair_answers.storage.retention import DAY, DailyPurge


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A page's place, and an empty database to make it of."""
    endpoints = tmp_path / "endpoints.yml"
    kind = "hair_answers.storage.tracker_store.PrivateTrackerStore"
    endpoints.write_text(f"tracker_store: {{type: {kind}, dialect: sqlite, db: {tmp_path / 'chat.db'}}}\n")
    monkeypatch.setenv("ENDPOINTS", str(endpoints))
    monkeypatch.setenv("HAIR_ANSWERS_FEEDBACK", f"sqlite:///{tmp_path / 'feedback.db'}")
    return tmp_path / "results" / "insights.html"


async def until(check: Callable[[], bool]) -> None:
    """Return once it is so."""
    while not check():
        await asyncio.sleep(0.02)


def has_ended(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


async def test_the_daily_job_writes_the_page(page: Path, tmp_path: Path) -> None:
    engine = make_engine(Address(db=str(tmp_path / "chat.db")))
    prepare(engine)
    weekly = ScheduledInsights(7, page)
    job = asyncio.create_task(DailyPurge(engine, 30).run_forever(weekly.run_if_due))
    try:
        await asyncio.wait_for(until(page.is_file), 60)
    finally:
        job.cancel()
    assert "Questions by day" in page.read_text()
    assert not weekly.is_due()


@pytest.mark.parametrize(("every", "age", "due"), [(7, 6.9, False), (7, 7.1, True), (0, 400, False)])
def test_a_page_is_due_when_it_is_old_and_never_without_being_asked_for(
    tmp_path: Path, every: int, age: float, due: bool
) -> None:
    page = tmp_path / "insights.html"
    page.touch()
    os.utime(page, (1_000 * DAY, 1_000 * DAY))
    assert ScheduledInsights(every, page, lambda: (1_000 + age) * DAY).is_due() is due


async def test_a_page_that_cannot_be_written_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(insights_schedule, "COMMAND", ("false",))
    assert await ScheduledInsights(7, tmp_path / "insights.html").run_if_due() is False
    assert "make insights" in caplog.text


async def test_a_bot_that_stops_ends_the_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    noted = tmp_path / "pid"
    monkeypatch.setattr(
        insights_schedule,
        "COMMAND",
        ("sh", "-c", f"echo $$ > {noted}.part; mv {noted}.part {noted}; exec sleep 60"),
    )
    job = asyncio.create_task(ScheduledInsights(7, tmp_path / "insights.html").run_if_due())
    await asyncio.wait_for(until(noted.is_file), 10)
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    await asyncio.wait_for(until(lambda: has_ended(int(noted.read_text()))), 10)
