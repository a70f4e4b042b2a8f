"""Speed, memory and size, ours and Rasa's default pipeline on the same data in one run: `python -m benchmarks.speed`.

Both sides are measured in turns, so that a busy machine is busy for both. Times are given on the clock and on the
processor: the second hardly depends on what else the machine does. Writes docs/speed.md.
`--keep` takes an earlier training of the default pipeline instead of training it again (it takes an hour and more).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import stock
from benchmarks.sources import ROOT, own_phrases
from hair_answers.operations.ports import free_port
from hair_answers.operations.training import train

REPORT = ROOT / "docs" / "speed.md"
MESSAGES = 300  # phrases of our own, for parsing
TURNS = 150  # whole turns a side
BATCH = 15  # turns before the other side's turn comes
STARTS = 3
FOLLOW_UP = ("what is alopecia areata", "tell me more")  # the second needs a custom action
ANSWER_SECONDS = 600.0
SEED = 3
OURS, THEIRS = "Hair Answers", "Rasa's default pipeline"
QUIET = {
    "RASA_TELEMETRY_ENABLED": "false",
    "TQDM_DISABLE": "1",
    "LOG_LEVEL": "ERROR",
    "PYTHONWARNINGS": "ignore",
}


@dataclass(frozen=True)
class Side:
    """One bot: its environment, its project folder and its trained model."""

    name: str
    python: Path
    folder: Path
    model: Path
    environment: dict[str, str] = field(default_factory=dict)


@dataclass
class Spread:
    """Milliseconds of one kind of thing."""

    values: list[float] = field(default_factory=list)

    @property
    def p50(self) -> float:
        """The median."""
        return statistics.median(self.values)

    @property
    def p99(self) -> float:
        """The value that one in a hundred exceeds."""
        return sorted(self.values)[min(len(self.values) - 1, int(0.99 * len(self.values)))]


@dataclass
class Figures:
    """What was measured on one side."""

    train_seconds: float = 0.0
    train_cpu: float = 0.0
    train_note: str = ""
    starts: list[float] = field(default_factory=list)  # seconds
    start_cpu: list[float] = field(default_factory=list)
    memory_start: float = 0.0  # MB resident after the first answer
    memory_end: float = 0.0  # MB resident after all turns
    parse: Spread = field(default_factory=Spread)
    parse_cpu: Spread = field(default_factory=Spread)
    turn: Spread = field(default_factory=Spread)
    action_turn: Spread = field(default_factory=Spread)
    turn_cpu: float = 0.0  # ms of the Rasa process a turn
    model_megabytes: float = 0.0
    environment_megabytes: float = 0.0


# Training ----------------------------------------------------------------------------------------------------


def train_ours() -> tuple[float, float, float]:
    """Train from nothing in a folder of its own; return seconds, processor seconds, and the next training's seconds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("config.yml", "domain.yml", "endpoints.yml"):
            shutil.copy(ROOT / part, folder)
        shutil.copytree(ROOT / "data", folder / "data")
        command = [sys.executable, "-m", "rasa", "train", "--skip-validation", "--force"]
        seconds, cpu = stock.timed(command, folder, QUIET)
        again, _ = stock.timed(command, folder, QUIET)
    return seconds, cpu, again


# Parsing ------------------------------------------------------------------------------------------------------


def sample(count: int) -> list[str]:
    """Return `count` of our own phrases, long posts and slips included, always the same for the same data."""
    phrases = sorted({phrase for _, phrase in own_phrases()})
    return random.Random(SEED).sample(phrases, min(count, len(phrases)))


def parse(side: Side, messages: Sequence[str]) -> list[dict[str, object]]:
    """Parse the messages on one core in the side's own environment."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
        file.writelines(json.dumps(message) + "\n" for message in messages)
        file.flush()
        script = ROOT / "benchmarks" / "stock" / "parse_messages.py"
        done = subprocess.run(
            [side.python, script, side.model, file.name],
            cwd=side.folder,
            env={**os.environ, **QUIET, **side.environment},
            capture_output=True,
        )
    if done.returncode != 0:
        sys.exit(f"{done.stderr.decode(errors='replace')[-3000:]}\n{side.name} could not parse.")
    rows: list[dict[str, object]] = json.loads(done.stdout[done.stdout.index(b'{"load_seconds"') :])["rows"]
    return rows


# Serving ------------------------------------------------------------------------------------------------------


def processor_seconds(process: int) -> float:
    """Return what a process has used of the processors (Linux)."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_megabytes(process: int) -> float:
    """Return the memory a process holds (Linux)."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    assert found
    return int(found[1]) / 1024


@dataclass
class Server:
    """A running Rasa process."""

    port: int
    process: subprocess.Popen[bytes]

    def ask(self, message: str, sender: str) -> tuple[float, list[object]]:
        """Send one message over REST; return milliseconds and the replies."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/webhooks/rest/webhook",
            json.dumps({"message": message, "sender": sender}).encode(),
            {"Content-Type": "application/json"},
        )
        started = time.perf_counter()
        with urllib.request.urlopen(request, timeout=60) as reply:
            replies = json.load(reply)
        return 1000 * (time.perf_counter() - started), replies

    def wait(self) -> None:
        """Return at the first answer."""
        deadline = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                sys.exit(f"the server stopped by itself (exit {self.process.returncode}).")
            try:
                if self.ask("hello", "first")[1]:
                    return
            except (OSError, urllib.error.URLError, ValueError):
                time.sleep(0.05)
        sys.exit(f"no answer within {ANSWER_SECONDS:.0f} s.")


@contextmanager
def process(
    command: Sequence[str | Path], folder: Path, environment: dict[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program for the time of the measurement."""
    with (folder / "server.log").open("wb") if folder != ROOT else open(os.devnull, "wb") as log:
        running = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **QUIET, **environment}, stdout=log, stderr=log
        )
        try:
            yield running
        finally:
            running.send_signal(signal.SIGTERM)
            try:
                running.wait(20)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()


@contextmanager
def served(side: Side) -> Iterator[Server]:
    """Serve a model with the plain `rasa run`; yields when the first answer has come."""
    port = free_port()
    command: list[str | Path] = [side.python, "-m", "rasa", "run", "--model", side.model, "--port", str(port)]
    command += ["-i", "127.0.0.1", "--endpoints", "endpoints.yml", "--credentials", "credentials.yml"]
    with process(command, side.folder, side.environment) as running:
        server = Server(port, running)
        server.wait()
        yield server


@contextmanager
def our_side() -> Iterator[Side]:
    """Our bot as it is delivered, keeping its conversations in a folder of the benchmark's own."""
    model = train(ROOT)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / ".state").mkdir()
        for part in ("endpoints.yml", "credentials.yml"):
            shutil.copy(ROOT / part, folder)
        port = free_port()
        url = f"http://127.0.0.1:{port}/webhook"
        # The action server is found by its package, so it runs where the project is.
        actions = [sys.executable, "-m", "rasa_sdk", "--actions", "actions", "--port", str(port), "--quiet"]
        with process(actions, ROOT, {"SANIC_HOST": "127.0.0.1"}):
            yield Side(OURS, Path(sys.executable), folder, model, {"HAIR_ANSWERS_ACTION_URL": url})


# The run ------------------------------------------------------------------------------------------------------


def measure_starts(side: Side, figures: Figures) -> None:
    """Start once and note how long the first answer took."""
    started = time.monotonic()
    with served(side) as server:
        figures.starts.append(time.monotonic() - started)
        figures.start_cpu.append(processor_seconds(server.process.pid))
        figures.memory_start = resident_megabytes(server.process.pid)


def measure_turns(server: Server, figures: Figures, messages: Sequence[str], batch: int) -> None:
    """Ask one batch of plain questions, a new person each five."""
    before = processor_seconds(server.process.pid)
    for number, message in enumerate(messages):
        figures.turn.values.append(server.ask(message, f"speed-{batch}-{number // 5}")[0])
    figures.turn_cpu += 1000 * (processor_seconds(server.process.pid) - before) / TURNS


def measure_action_turns(server: Server, figures: Figures, count: int) -> None:
    """Ask follow-ups, each of a new person after a first answer."""
    for number in range(count):
        server.ask(FOLLOW_UP[0], f"more-{number}")
        figures.action_turn.values.append(server.ask(FOLLOW_UP[1], f"more-{number}")[0])


def folder_megabytes(folder: Path) -> float:
    """Return the size of a folder on disk."""
    return sum(p.lstat().st_size for p in folder.rglob("*") if p.is_file() and not p.is_symlink()) / 1e6


def measure_sizes(side: Side, figures: Figures) -> None:
    """Note the sizes of the model and of the Python environment."""
    figures.model_megabytes = side.model.stat().st_size / 1e6
    figures.environment_megabytes = folder_megabytes(side.python.parents[1])


def measure_parsing(sides: Sequence[Side], found: dict[str, Figures]) -> None:
    """Parse the sample in two halves, in turns."""
    messages = sample(MESSAGES)
    for half in (messages[::2], messages[1::2]):
        for side in sides:
            for row in parse(side, half):
                found[side.name].parse.values.append(float(str(row["ms"])))
                found[side.name].parse_cpu.values.append(float(str(row["cpu_ms"])))


def measure_serving(sides: Sequence[Side], found: dict[str, Figures]) -> None:
    """Serve both at once and ask them in turns."""
    messages = [message for message in sample(2 * TURNS) if len(message) < 400][:TURNS]
    with ExitStack() as stack:
        servers = {side.name: stack.enter_context(served(side)) for side in sides}
        for server in servers.values():
            for warm in messages[:10]:
                server.ask(warm, "warm-up")
        for batch, first in enumerate(range(0, TURNS, BATCH)):
            for name, server in servers.items():
                measure_turns(server, found[name], messages[first : first + BATCH], batch)
        measure_action_turns(servers[OURS], found[OURS], TURNS // 5)
        for name, server in servers.items():
            found[name].memory_end = resident_megabytes(server.process.pid)


def measure(keep: bool, epochs: int) -> dict[str, Figures]:
    """Measure both sides."""
    found = {OURS: Figures(), THEIRS: Figures()}
    variant = stock.VARIANTS[0]
    training = (keep and stock.earlier_training(variant)) or stock.train(variant, epochs)
    theirs = found[THEIRS]
    theirs.train_seconds, theirs.train_cpu = training.seconds, training.cpu_seconds
    theirs.train_note = f"{training.epochs} epochs, {training.trained}"
    ours = found[OURS]
    ours.train_seconds, ours.train_cpu, again = train_ours()
    ours.train_note = f"again after an edit: {again:.0f} s"
    with our_side() as own:
        sides = [own, Side(THEIRS, stock.PYTHON, variant.folder, variant.model, dict(stock.ENVIRONMENT))]
        for side in sides:
            measure_sizes(side, found[side.name])
        for _ in range(STARTS):
            for side in sides:
                measure_starts(side, found[side.name])
        measure_parsing(sides, found)
        measure_serving(sides, found)
    return found


# The report ---------------------------------------------------------------------------------------------------


def _ratio(ours: float, theirs: float) -> str:
    return f"{theirs / ours:.1f} ×"


def table(found: dict[str, Figures]) -> list[str]:
    """Return the figures as Markdown rows."""
    a, b = found[OURS], found[THEIRS]
    start_a, start_b = statistics.median(a.starts), statistics.median(b.starts)
    cpu_a, cpu_b = statistics.median(a.start_cpu), statistics.median(b.start_cpu)
    rows = [f"| measure | {OURS} | {THEIRS} | theirs to ours |", "|---|---|---|---|"]

    def row(name: str, ours: float, theirs: float, form: str) -> None:
        rows.append(f"| {name} | {ours:{form}} | {theirs:{form}} | {_ratio(ours, theirs)} |")

    row("training, s", a.train_seconds, b.train_seconds, ".0f")
    row("training, s of processor time", a.train_cpu, b.train_cpu, ".0f")
    row("start to first answer, s", start_a, start_b, ".1f")
    row("the same, s of processor time", cpu_a, cpu_b, ".1f")
    row("parse on one core, p50 ms", a.parse.p50, b.parse.p50, ".1f")
    row("parse on one core, p99 ms", a.parse.p99, b.parse.p99, ".1f")
    row("parse, p50 ms of processor time", a.parse_cpu.p50, b.parse_cpu.p50, ".1f")
    row("whole turn over REST, p50 ms", a.turn.p50, b.turn.p50, ".1f")
    row("whole turn over REST, p99 ms", a.turn.p99, b.turn.p99, ".1f")
    row("the same, mean ms of the process's processor time", a.turn_cpu, b.turn_cpu, ".1f")
    rows.append(f"| whole turn with a custom action, p50 ms | {a.action_turn.p50:.1f} | – | – |")
    rows.append(f"| whole turn with a custom action, p99 ms | {a.action_turn.p99:.1f} | – | – |")
    row("memory of the Rasa process after the first answer, MB", a.memory_start, b.memory_start, ".0f")
    row("memory after all turns, MB", a.memory_end, b.memory_end, ".0f")
    row("model, MB", a.model_megabytes, b.model_megabytes, ".1f")
    row("Python environment, MB", a.environment_megabytes, b.environment_megabytes, ".0f")
    return rows


TEXT = """# Speed, memory and size

Measured {date} with `{command}` on {cores} cores ({machine}), Python {python}.
Load average over the last five minutes at the end: {load:.1f}. Data: {phrases} phrases for {keys} answers.
On a machine that others use, clock times are long for both sides: read the ratios and the processor times.

{table}

Training: ours from nothing ({ours}); theirs {theirs}, on nine tenths of the phrases,
in the environment of `make setup STOCK=1`. A full training of the default pipeline is {epochs} epochs of both its
networks.

How: {messages} of our own phrases parsed on one core; {turns} whole turns a side in batches of {batch}, both
servers up, a new person every five messages; {starts} starts each, the median shown; memory is the resident
size of the process that runs Rasa. Ours keeps conversations in SQLite, redacted, and speaks curated answers
with their sources; theirs keeps them in memory and says a fixed text. Both use rules only: the default's TED
policies would cost it more. The default pipeline is the one that `rasa init` writes.
"""


def report(found: dict[str, Figures], command: str) -> str:
    """Return docs/speed.md."""
    phrases = own_phrases()
    return TEXT.format(
        date=time.strftime("%Y-%m-%d"),
        command=command,
        cores=os.cpu_count(),
        machine=platform.machine(),
        python=platform.python_version(),
        load=os.getloadavg()[1],
        phrases=len(phrases),
        keys=len({key for key, _ in phrases}),
        table="\n".join(table(found)),
        ours=found[OURS].train_note,
        theirs=found[THEIRS].train_note,
        epochs=stock.EPOCHS,
        messages=MESSAGES,
        turns=TURNS,
        batch=BATCH,
        starts=STARTS,
    )


def main() -> None:
    """Measure, print and write the report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--keep", action="store_true", help="take an earlier training of the default pipeline"
    )
    parser.add_argument("--epochs", type=int, default=stock.EPOCHS, help="of the default pipeline")
    arguments = parser.parse_args()
    found = measure(arguments.keep, arguments.epochs)
    text = report(found, " ".join(["python -m benchmarks.speed", *sys.argv[1:]]))
    REPORT.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
