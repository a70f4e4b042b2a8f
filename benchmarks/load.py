"""How many people one machine serves: real processes, real conversations, whole turns over REST.

`python -m benchmarks.load` measures the embedded bot (SQLite, one process) and the stack with 1, 2 and 3 bots, with
1, 8, 32 and 128 people at once; `--url` measures a server that runs already (for example Rasa's default project), with
its process ids in `--pids` for the CPU. A person writes at once after each answer unless `--pause 2 8` is given.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import aiohttp

from hair_answers.operations.noise import quiet_environment
from hair_answers.operations.ports import free_port
from hair_answers.operations.stack import Stack, bot_is_ready, temporary_folder
from hair_answers.operations.training import ROOT, train

TURNS = 6  # of a conversation
WARM_UP = 10  # messages before the clock starts
# Plain questions, follow-ups that need the action server, a miss, small talk.
CONVERSATIONS = (
    ("hello", "what is alopecia areata", "is it permanent", "what helps", "thanks", "bye"),
    (
        "what is prp",
        "does it hurt",
        "what does it cost",
        "how many sessions",
        "where does that come from",
        "ok",
    ),
    (
        "how is stem cell therapy done",
        "what are the risks",
        "is it approved",
        "who can have it",
        "blorp",
        "thank you",
    ),
    (
        "does minoxidil work",
        "side effects",
        "and for women",
        "compare it with prp",
        "which is cheaper",
        "bye",
    ),
)
PLAIN = (
    "what is alopecia areata",
    "what is prp",
    "does minoxidil work",
    "what are the risks of stem cell therapy",
)


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
    pause: tuple[float, float] | None = None
    plain: bool = False

    async def measure(self, server: str, people: int, seconds: float) -> Row:
        """Warm up, then measure for `seconds`."""
        timings: list[float] = []
        failed = [0]
        timeout, connector = aiohttp.ClientTimeout(total=120), aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:
            for number in range(WARM_UP):
                await self._say(session, "warm", PLAIN[number % len(PLAIN)])
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

    async def _person(
        self, session: aiohttp.ClientSession, until: float, timings: list[float], failed: list[int]
    ) -> None:
        if self.pause:
            await asyncio.sleep(random.uniform(0, self.pause[1]))
        while time.perf_counter() < until:
            sender = f"load-{uuid.uuid4().hex[:16]}"
            for text in random.choices(PLAIN, k=TURNS) if self.plain else random.choice(CONVERSATIONS):
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
def embedded(model: Path, folder: Path) -> Iterator[tuple[str, list[int]]]:
    """The bot as `make run` starts it, on a database of its own."""
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
def stacked(model: Path, folder: Path, bots: int) -> Iterator[tuple[str, list[int]]]:
    """PostgreSQL, Redis, RabbitMQ, the action server, `bots` bots and nginx."""
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


def run(given: argparse.Namespace) -> list[Row]:
    """Measure every server asked for."""
    rows: list[Row] = []

    def measure(server: str, url: str, pids: Sequence[int]) -> None:
        load = Load(url, pids, tuple(given.pause) if given.pause else None, given.plain)
        for people in given.people:
            rows.append(asyncio.run(load.measure(server, people, given.seconds)))
            show(rows[-1])

    if given.url:
        measure(given.name, given.url, given.pids)
        return rows
    model = train(ROOT)
    if not given.only_stack:
        with temporary_folder() as folder, embedded(model, folder) as (url, pids):
            measure("embedded, SQLite", url, pids)
    for bots in given.bots:
        with temporary_folder() as folder, stacked(model, folder, bots) as (url, pids):
            measure(f"stack, {bots} bot{'s' * (bots > 1)}", url, pids)
    return rows


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and keep the rows as JSON."""
    options = argparse.ArgumentParser(description="Measure messages per second, latency, CPU and memory.")
    options.add_argument("--people", type=int, nargs="+", default=[1, 8, 32, 128])
    options.add_argument("--seconds", type=float, default=15)
    options.add_argument("--bots", type=int, nargs="*", default=[1, 2, 3], help="stacks to measure")
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
