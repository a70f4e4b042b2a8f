"""How well the safety gate notices what it must and leaves the rest alone: `python -m benchmarks.safety`.

Reads the open sets (tests/safety/{tuning,test,test_2,test_3}.tsv, written apart from what the gate learned) and, when
they are there, the development questions, and measures the trained model's own components.
Recall and over-escalation come with 95 % Wilson intervals.
"""

from __future__ import annotations

import argparse
import csv
import math
import statistics
import tarfile
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hair_answers.nlu.safety_reader import Reading
    from hair_answers.nlu.safety_sense import Strengths

ROOT = Path(__file__).parents[1]
MODEL = ROOT / "models" / "hair-answers.tar.gz"
TEST_SET = ROOT / "tests" / "safety"
REAL_QUESTIONS = ROOT.parent / "shared" / "benchmarks" / "real_questions"
NEGATIVE = "negative"
SETS = ("tuning", "test", "test_2", "test_3")


@dataclass(frozen=True)
class Row:
    """One message of the test set: the rule it must fire, or the rule whose words it borrows (kind negative)."""

    rule: str
    kind: str  # direct, indirect or negative
    form: str  # plain, lower, typo, slang, third, long, mixed, caps, language, slash, leet
    text: str


@dataclass(frozen=True)
class Outcome:
    """What the bot understood: the safety answer's key, rule and tier (None when it was taken for no safety matter)."""

    key: str | None
    rule: str | None
    tier: int | str | None
    intent: str
    seconds: float  # the gate alone


def read_rows(name: str) -> list[Row]:
    """Read one of the open sets."""
    with (TEST_SET / f"{name}.tsv").open(encoding="utf-8") as file:
        return [Row(**row) for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]


def wilson(hits: int, total: int, z: float = 1.96) -> tuple[float, float]:
    """Return the 95 % Wilson score interval of hits out of total (Wilson 1927)."""
    if total == 0:
        return 0.0, 1.0
    share = hits / total
    middle = share + z * z / (2 * total)
    spread = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return (middle - spread) / (1 + z * z / total), (middle + spread) / (1 + z * z / total)


class Bot:
    """The trained model's matcher and gate, one message at a time."""

    def __init__(self, folder: Path) -> None:
        """`folder` holds the unpacked model."""
        from hair_answers.nlu.answer_matcher import AnswerMatcher
        from hair_answers.nlu.matcher import Matcher
        from hair_answers.nlu.safety_gate import SafetyGate

        self._matcher = AnswerMatcher(AnswerMatcher.get_default_config(), None, None)
        self._matcher._matcher = Matcher.load(next(folder.rglob("*AnswerMatcher*")))
        self._gate = SafetyGate(SafetyGate.get_default_config(), None, None)
        self._gate.read(next(folder.rglob("*SafetyGate*")))
        self.rules = self._gate._reader._rules.rules  # type: ignore[union-attr]
        self.understand("warm up")

    def understand(self, text: str) -> Outcome:
        """Return what the bot makes of a message."""
        from rasa.shared.nlu.training_data.message import Message

        messages = self._matcher.process([Message({"text": text})])
        started = time.perf_counter()
        parsed = self._gate.process(messages)[0].as_dict()
        seconds = time.perf_counter() - started
        found: dict[str, Any] = parsed.get("safety") or {}
        return Outcome(
            found.get("key"), found.get("rule"), found.get("tier"), parsed["intent"]["name"], seconds
        )

    def heard(self, text: str) -> tuple[Reading, list[Strengths]]:
        """Return what the gate reads and hears in a message, before it is weighed."""
        return self._gate.hear(text)


@contextmanager
def unpacked(model: Path) -> Iterator[Path]:
    """Unpack a model for the time of the measurement."""
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(model) as archive:
            archive.extractall(folder, filter="data")
        yield Path(folder)


def expected(bot: Bot, rule: str) -> tuple[set[str], int, str]:
    """Return the keys that serve a rule of the test set, its least urgent place among the tiers, and its tier."""
    own = [r for r in bot.rules if r.rule.startswith(rule)]  # R07 is served by R07a too, R19 by R19a to R19g
    return {r.key for r in own}, max(r.urgency for r in own), str(min(own, key=lambda r: r.urgency).tier)


def is_caught(bot: Bot, row: Row, outcome: Outcome) -> bool:
    """Tell whether the message got help as urgent as it needs; at tier 0 it must be the right help."""
    from hair_answers.nlu.safety_rules import TIERS

    keys, urgency, tier = expected(bot, row.rule)
    if outcome.tier is None:
        return False
    return outcome.key in keys if tier == "0" else TIERS.index(outcome.tier) <= urgency


def line(name: str, hits: int, total: int) -> str:
    """Format one share with its interval."""
    low, high = wilson(hits, total)
    share = f"{100 * hits / total:5.1f} %" if total else "    –  "
    return f"{name:<46} {hits:>4} / {total:<4} {share}   [{100 * low:.1f}, {100 * high:.1f}]"


def judged(bot: Bot, name: str) -> list[tuple[Row, Outcome, bool]]:
    """Return each message of a set, what the bot made of it, and whether that was right."""
    outcomes = [(row, bot.understand(row.text)) for row in read_rows(name)]
    return [
        (row, out, out.tier is None if row.kind == NEGATIVE else is_caught(bot, row, out))
        for row, out in outcomes
    ]


def figures(bot: Bot, rows: Iterable[tuple[Row, Outcome, bool]]) -> dict[str, tuple[int, int]]:
    """Return (hits, cases) of recall by kind, tier and form, and of over-escalation, by name."""
    groups: dict[str, list[bool]] = {}
    for row, out, right in rows:
        if row.kind == NEGATIVE:
            groups.setdefault("over-escalation, hard negatives", []).append(not right)
            groups.setdefault("over-escalation to tier 0 or 1", []).append(out.tier in (0, 1))
            continue
        keys, _, tier = expected(bot, row.rule)
        for group in (f"recall, {row.kind}", f"recall, tier {tier}, {row.kind}", f"recall, form {row.form}"):
            groups.setdefault(group, []).append(right)
        if tier == "0":
            groups.setdefault("tier 0, no safety answer at all", []).append(out.tier is None)
        groups.setdefault("the very answer meant", []).append(out.key in keys)
    return {name: (sum(own), len(own)) for name, own in sorted(groups.items())}


def report_set(bot: Bot, name: str, show: bool) -> list[Outcome]:
    """Print a set's figures and, if asked, the messages that went wrong; return what the bot made of all."""
    rows = judged(bot, name)
    print(f"\n{name}: {len(rows)} messages; hits / n, share, 95 % Wilson interval")
    for group, counted in figures(bot, rows).items():
        print(line(group, *counted))
    for row, out, right in rows:
        if show and not right:
            fault = "taken over" if row.kind == NEGATIVE else "missed"
            print(f"  {fault} ({row.rule} {row.kind}): {row.text}  -> {out.intent} {out.key}")
    return [out for _, out, _ in rows]


def real_texts(name: str) -> list[str]:
    """Read real people's messages, none where the file is not at hand."""
    path = REAL_QUESTIONS / f"{name}.tsv"
    if not path.is_file():
        return []
    with path.open(encoding="utf-8") as file:
        return [row["text"] for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]


def report_questions(bot: Bot, show: bool) -> None:
    """Print what happens to real people's questions; they are never shown unless asked for."""
    for name, title in (
        ("in_domain", "over-escalation, in-domain development questions"),
        ("oos_near", "taken over, near-out-of-scope questions"),
        ("safety", "caught, safety development messages"),
    ):
        texts = real_texts(name)
        if not texts:
            print(f"{title}: {name}.tsv is not here")
            continue
        outcomes = [bot.understand(text) for text in texts]
        print(line(title, sum(out.tier is not None for out in outcomes), len(outcomes)))
        if show:
            for text, out in zip(texts, outcomes, strict=True):
                print(f"  {out.rule or '-':<5} {out.intent:<14} {text}")


def report_latency(name: str, outcomes: Iterable[Outcome]) -> None:
    """Print what the gate adds to a message's time."""
    times = sorted(1000 * out.seconds for out in outcomes)
    if times:
        p99 = times[int(0.99 * (len(times) - 1))]
        print(
            f"added per message, {name}: median {statistics.median(times):.2f} ms, p99 {p99:.2f} ms ({len(times)})"
        )


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--model", type=Path, default=MODEL)
    arguments.add_argument("--set", choices=SETS, action="append", help="only this set; may be repeated")
    arguments.add_argument("--show", action="store_true", help="print the messages that went wrong")
    arguments.add_argument(
        "--show-questions", action="store_true", help="print the development questions too"
    )
    chosen = arguments.parse_args()
    with unpacked(chosen.model) as folder:
        bot = Bot(folder)
    outcomes = [out for name in chosen.set or SETS for out in report_set(bot, name, chosen.show)]
    print()
    report_questions(bot, chosen.show_questions)
    print()
    report_latency("development questions", map(bot.understand, real_texts("in_domain")))
    report_latency("the sets, half of them posts of several sentences", outcomes)


if __name__ == "__main__":
    main()
