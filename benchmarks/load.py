"""How many people one machine serves: real processes, real conversations, whole turns over REST.

`python -m benchmarks.load` measures Rasa's default project (after `make setup STOCK=1`), the embedded bot (SQLite, one
process) and the stack with 1, 2 and 3 bots, with 1, 8, 32 and 128 people at once. A person writes at once after each
answer unless `--pause 2 8` is given. `--long` times one long conversation, `--conversations 10000` reads the memory
after so many short ones; `--url` measures a server that runs already.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import aiohttp

from benchmarks import default_project, talk
from hair_answers.operations.noise import quiet_environment
from hair_answers.operations.ports import free_port
from hair_answers.operations.stack import Stack, bot_is_ready, temporary_folder
from hair_answers.operations.training import ROOT, train

WARM_UP = 10  # messages before the clock starts
DEFAULT = "rasa init, in memory"
LONG_TURNS = (10, 100, 1000)  # after so many turns a long conversation is timed
LAST = 10  # turns that are timed


Serving = contextlib.AbstractContextManager[tuple[str, list[int]]]
Talk = Callable[[], Iterator[tuple[str, ...]]]


@dataclass(frozen=True)
class Row:
    """One measurement; milliseconds, messages per second of wall time, CPU milliseconds per message, MB."""

    server: str
    people: int
    messages: int
    failed: int
    per_second: float
    p50: float
    p95: float
    p99: float
    cpu_per_message: float
    per_second_per_core: float
    memory: float


def share(values: Sequence[float], part: float) -> float:
    """The value below which `part` of the sorted values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0.0


def cpu_seconds(pids: Sequence[int]) -> float:
    """CPU time of the processes and their children so far."""
    total = 0
    for pid in pids:
        for process in (pid, *_children(pid)):
            with contextlib.suppress(OSError):
                fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
                total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def memory_mb(pids: Sequence[int]) -> float:
    """Memory that the processes do not share with others, and their part of what they share."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                total += int(line.split()[1]) if line.startswith("Pss:") else 0
    return total / 1024


def _children(pid: int) -> list[int]:
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout.split()
    return [int(child) for child in found]


@dataclass
class Load:
    """People who talk to one server, all at once, until time is up."""

    url: str
    pids: Sequence[int]
    talk: Iterator[tuple[str, ...]]
    pause: tuple[float, float] | None = None

    async def measure(self, server: str, people: int, seconds: float) -> Row:
        """Warm up, then measure for `seconds`."""
        timings: list[float] = []
        failed = [0]
        timeout, connector = aiohttp.ClientTimeout(total=120), aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:
            for number in range(WARM_UP):
                await self._say(session, f"warm-{number}", next(self.talk)[0])
            before, started = cpu_seconds(self.pids), time.perf_counter()
            until = started + seconds
            await asyncio.gather(*(self._person(session, until, timings, failed) for _ in range(people)))
            wall = time.perf_counter() - started
            cpu = cpu_seconds(self.pids) - before
        count = len(timings)
        each = 1000 * cpu / max(1, count)
        return Row(
            server, people, count, failed[0], round(count / wall, 1),
            *(round(1000 * share(timings, part), 1) for part in (0.5, 0.95, 0.99)),
            round(each, 1), round(1000 / each, 1) if each else 0.0, round(memory_mb(self.pids)),
        )  # fmt: skip

    async def long(self) -> dict[int, float]:
        """Return the median milliseconds of the last turns of a conversation, by its length in turns."""
        timings: list[float] = []
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session:
            texts = itertools.chain.from_iterable(self.talk)
            for text in itertools.islice(texts, max(LONG_TURNS)):
                started = time.perf_counter()
                await self._say(session, "load-long", text)
                timings.append(1000 * (time.perf_counter() - started))
        return {turns: statistics.median(timings[turns - LAST : turns]) for turns in LONG_TURNS}

    async def many(self, conversations: int, at_once: int = 8) -> tuple[float, float]:
        """Return the memory in MB before and after so many conversations of one message."""
        before = memory_mb(self.pids)
        waiting = iter(range(conversations))

        async def person(session: aiohttp.ClientSession) -> None:
            for number in waiting:
                await self._say(session, f"load-many-{number}", next(self.talk)[0])

        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session:
            await asyncio.gather(*(person(session) for _ in range(at_once)))
        return before, memory_mb(self.pids)

    async def _person(
        self, session: aiohttp.ClientSession, until: float, timings: list[float], failed: list[int]
    ) -> None:
        if self.pause:
            await asyncio.sleep(random.uniform(0, self.pause[1]))
        while time.perf_counter() < until:
            sender = f"load-{uuid.uuid4().hex[:16]}"
            for text in next(self.talk):
                started = time.perf_counter()
                answered = await self._say(session, sender, text)
                timings.append(time.perf_counter() - started)
                failed[0] += not answered
                if time.perf_counter() >= until:
                    return
                if self.pause:
                    await asyncio.sleep(random.uniform(*self.pause))

    async def _say(self, session: aiohttp.ClientSession, sender: str, text: str) -> bool:
        """Send one message; True when words came back that are no apology."""
        headers = {"X-Conversation": sender}
        try:
            async with session.post(
                self.url, json={"sender": sender, "message": text}, headers=headers
            ) as reply:
                messages = await reply.json() if reply.status == 200 else []
        except (aiohttp.ClientError, asyncio.TimeoutError, ValueError):
            return False
        return bool(messages) and (messages[0].get("metadata") or {}).get("answer") != "fallback/error"


@contextlib.contextmanager
def embedded(model: Path) -> Iterator[tuple[str, list[int]]]:
    """The bot as `make run` starts it, on a database of its own."""
    with temporary_folder() as folder:
        yield from _embedded(model, folder)


def _embedded(model: Path, folder: Path) -> Iterator[tuple[str, list[int]]]:
    port, actions = free_port(), free_port()
    endpoints, credentials = folder / "endpoints.yml", folder / "credentials.yml"
    text = (ROOT / "endpoints.yml").read_text().replace(".state/conversations.db", str(folder / "chat.db"))
    endpoints.write_text(text)
    credentials.write_text(
        "hair_answers.channels.rest.IntegratorInput:\nhair_answers.operations.health.HealthInput:\n"
    )
    url = f"http://127.0.0.1:{actions}/webhook"
    environment = {**quiet_environment(), "SANIC_HOST": "127.0.0.1", "HAIR_ANSWERS_ACTION_URL": url}
    environment |= {"LOG_LEVEL": "WARNING", "ENDPOINTS": str(endpoints)}
    python, where = sys.executable, ["--interface", "127.0.0.1", "--port", str(port)]
    files = ["--model", str(model), "--endpoints", str(endpoints), "--credentials", str(credentials)]
    commands = (
        [python, "-m", "rasa_sdk", "--actions", "actions", "--quiet", "--port", str(actions)],
        [python, "-m", "rasa", "run", *where, *files],
    )
    children = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
        for command in commands
    ]
    try:
        deadline = time.monotonic() + 120
        while not bot_is_ready(port):
            if time.monotonic() > deadline or children[1].poll() is not None:
                raise RuntimeError("the bot did not start. Cure: `make run` shows why")
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}/webhooks/rest/webhook", [child.pid for child in children]
    finally:
        for child in children:
            child.send_signal(signal.SIGTERM)
        for child in children:
            child.wait(20)


@contextlib.contextmanager
def stacked(model: Path, bots: int) -> Iterator[tuple[str, list[int]]]:
    """PostgreSQL, Redis, RabbitMQ, the action server, `bots` bots and nginx."""
    with temporary_folder() as folder:
        stack = Stack(folder, model, bots)
        try:
            stack.start()
            processes = (service.process for service in stack.services.values())
            yield f"{stack.url}/webhooks/rest/webhook", [process.pid for process in processes if process]
        finally:
            stack.stop()


def show(row: Row) -> None:
    """Print one line of the table."""
    if not show.__dict__.setdefault("begun", False):
        print(
            f"{'server':24} people  messages failed  msg/s    p50    p95    p99 ms  CPU ms/msg  msg/s/core  MB",
            flush=True,
        )
        show.__dict__["begun"] = True
    print(
        f"{row.server:24} {row.people:6} {row.messages:9} {row.failed:6} {row.per_second:6} {row.p50:6} {row.p95:6}"
        f" {row.p99:6} {row.cpu_per_message:11} {row.per_second_per_core:11} {row.memory:5.0f}",
        flush=True,
    )


def servers(given: argparse.Namespace) -> Iterator[tuple[str, Serving, Talk]]:
    """Yield every server asked for: its name, how it is served and what is said to it."""
    said = talk.plain if given.plain else talk.conversations
    if given.url:
        yield given.name, contextlib.nullcontext((given.url, given.pids)), said
        return
    if given.default:
        yield DEFAULT, default_project.served(), talk.default_project
    model = train(ROOT)
    if not given.only_stack:
        yield "embedded, SQLite", embedded(model), said
    for bots in given.bots:
        yield f"stack, {bots} bot{'s' * (bots > 1)}", stacked(model, bots), said


def run(given: argparse.Namespace) -> list[Row]:
    """Measure every server asked for."""
    rows: list[Row] = []
    for name, serving, said in servers(given):
        with serving as (url, pids):
            load = Load(url, pids, said(), tuple(given.pause) if given.pause else None)
            for people in given.people:
                rows.append(asyncio.run(load.measure(name, people, given.seconds)))
                show(rows[-1])
            if name != DEFAULT:
                _measure_length(name, load, given)
    _compare(rows)
    return rows


def _measure_length(name: str, load: Load, given: argparse.Namespace) -> None:
    """Print what a long conversation, and many of them, cost when that is asked for."""
    if given.long:
        for turns, median in asyncio.run(load.long()).items():
            print(f"{name}: a turn after {turns} turns of one conversation: {median:.1f} ms", flush=True)
    if given.conversations:
        before, after = asyncio.run(load.many(given.conversations))
        print(
            f"{name}: {before:.0f} MB, after {given.conversations} conversations {after:.0f} MB", flush=True
        )


def _compare(rows: Sequence[Row]) -> None:
    """Print how many times as many messages a core ours takes as Rasa's default project, at each number of people."""
    theirs = {row.people: row for row in rows if row.server == DEFAULT}
    for row in rows:
        other = theirs.get(row.people)
        if other and other is not row:
            times = row.per_second_per_core / other.per_second_per_core
            print(f"{row.server}, {row.people} people: {times:.1f} times as many messages a core", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and keep the rows as JSON."""
    options = argparse.ArgumentParser(description="Measure messages per second, latency, CPU and memory.")
    options.add_argument("--people", type=int, nargs="+", default=[1, 8, 32, 128])
    options.add_argument("--seconds", type=float, default=15)
    options.add_argument("--bots", type=int, nargs="*", default=[1, 2, 3], help="stacks to measure")
    options.add_argument(
        "--default", action="store_true", help="beside Rasa's default project, in the same run"
    )
    options.add_argument("--long", action="store_true", help="also time one conversation of a thousand turns")
    options.add_argument("--conversations", type=int, default=0, help="also read the memory after so many")
    options.add_argument("--only-stack", action="store_true")
    options.add_argument("--plain", action="store_true", help="plain questions only: no action server")
    options.add_argument("--pause", type=float, nargs=2, help="seconds a person thinks, from and to")
    options.add_argument("--url", help="measure this running server instead")
    options.add_argument("--name", default="other server")
    options.add_argument("--pids", type=int, nargs="*", default=[])
    options.add_argument("--out", type=Path, default=Path("results/load.json"))
    given = options.parse_args(arguments)
    os.chdir(ROOT)
    rows = run(given)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps([asdict(row) for row in rows], indent=1))
    return 1 if any(row.failed for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
