"""Bursts on Slack and Telegram against stand-ins on this machine: `python -m benchmarks.channels`.

A real server with the trained model; 200 people ask at once, then 40 people ask five questions each. What is
counted: acknowledgement times, seconds until everybody has an answer, events lost, doubled or out of order.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "channels"))

from stand_ins.loopback import wait_for
from stand_ins.running import Running
from stand_ins.slack import SlackStandIn
from stand_ins.telegram import TelegramStandIn

from hair_answers.channels.renderers import slack as slack_renderer
from hair_answers.channels.renderers import telegram as telegram_renderer
from hair_answers.channels.renderers.document import read
from hair_answers.knowledge.library import Library

KEYS = (
    "causes/alopecia_areata",
    "procedure/harvesting",
    "drawbacks/cost",
    "causes/stress",
    "alternatives/prp",
)
PATIENCE = 120.0  # seconds


@dataclass(frozen=True)
class Platform:
    """What differs between the two: how people write, what they see, and how an answer begins."""

    name: str
    server: Any
    person: Callable[[int], Any]
    seen: Callable[[Any], list[dict[str, Any]]]
    render: Callable[[Any], str]

    def opening(self, key: str) -> str:
        """Return the first paragraph of an answer as this platform shows it."""
        return self.render(read(Library.default().answers[key].text)[0])


@dataclass(frozen=True)
class Result:
    """One burst: seconds and counts."""

    acknowledged: Sequence[float]
    answered: float
    lost: int
    doubled: int
    disordered: int


def burst(platform: Platform, first: int, people: int, keys: Sequence[str]) -> Result:
    """Let `people` ask `keys` in order, all people at once; every second event is delivered twice."""
    asking = [platform.person(first + number) for number in range(people)]
    questions = [Library.default().answers[key].phrases[0] for key in keys]
    acknowledged: list[float] = []

    async def one(person: Any) -> None:
        for number, question in enumerate(questions):
            event = platform.server.message(person, question)
            acknowledged.append(await platform.server.deliver(event))
            if number % 2:
                await platform.server.deliver(event)

    async def everybody() -> None:
        await asyncio.gather(*(one(person) for person in asking))

    started = time.monotonic()
    platform.server.run(everybody(), PATIENCE)
    wait_for(
        lambda: all(len(platform.seen(person)) >= len(keys) for person in asking), PATIENCE, "all answers"
    )
    answered = max(post["time"] for person in asking for post in platform.seen(person)) - started
    time.sleep(1)  # for doubles
    seen = [[post["text"] for post in platform.seen(person)] for person in asking]
    right = [all(platform.opening(k) in t for k, t in zip(keys, texts, strict=False)) for texts in seen]
    return Result(
        acknowledged, answered,
        sum(max(0, len(keys) - len(texts)) for texts in seen),
        sum(max(0, len(texts) - len(keys)) for texts in seen),
        right.count(False),
    )  # fmt: skip


def report(platform: Platform, what: str, result: Result) -> None:
    """Print one line of the table; milliseconds for acknowledgements."""
    times = sorted(result.acknowledged)
    middle, late = statistics.median(times), times[int(len(times) * 0.95)]
    print(
        f"| {platform.name} | {what} | {middle * 1000:.0f} / {late * 1000:.0f} / {times[-1] * 1000:.0f} ms "
        f"| {result.answered:.1f} s | {result.lost} | {result.doubled} | {result.disordered} |",
        flush=True,
    )


def main() -> int:
    """Measure both platforms; exit 1 when anything was lost, doubled or out of order."""
    slack, telegram = SlackStandIn(), TelegramStandIn()
    slack.start()
    telegram.start()
    server = Running(Path(tempfile.mkdtemp(prefix="hair-answers-")), slack, telegram)
    platforms = (
        Platform("Slack", slack, lambda n: f"U{n:08d}", slack.seen_by, slack_renderer.render_block),
        Platform(
            "Telegram", telegram, lambda n: 7_000_000 + n, telegram.seen_in, telegram_renderer.render_block
        ),
    )
    faults = 0
    try:
        server.start()
        wait_for(lambda: telegram.webhook, PATIENCE, "the webhook")
        print(
            "| platform | burst | acknowledged, median / 95 % / slowest | all answered | lost | doubled | disordered |"
        )
        print("|---|---|---|---|---|---|---|")
        for platform in platforms:
            for first, people, keys in ((0, 200, KEYS[:1]), (1000, 40, KEYS)):
                result = burst(platform, first, people, keys)
                report(platform, f"{people} people × {len(keys)}", result)
                faults += result.lost + result.doubled + result.disordered
    finally:
        server.stop()
        slack.stop()
        telegram.stop()
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main())
