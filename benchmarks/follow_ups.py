"""Follow-ups, several questions and topic switches through a running bot: `python -m benchmarks.follow_ups --port N`.

Prints each failure and the share right of each group; exit 1 below 90 %.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

SCRIPT = Path(__file__).with_name("follow_ups.yml")
GOAL = 0.9


@dataclass
class Group:
    """One group of turns: how many were right, what failed, and how long turns took (ms)."""

    right: int = 0
    failures: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def judge(self, is_right: bool, told: str) -> None:
        """Count one judged turn."""
        self.right += is_right
        if not is_right:
            self.failures.append(told)

    @property
    def share(self) -> float:
        """Return the share right."""
        return self.right / max(1, self.right + len(self.failures))


class Talk:
    """One conversation with the bot on a port."""

    def __init__(self, port: int) -> None:
        self._address = f"http://127.0.0.1:{port}/webhooks/rest/webhook"
        self._sender = uuid.uuid4().hex

    def say(self, message: str) -> tuple[list[dict[str, Any]], float]:
        """Return the bot's messages and the time in ms."""
        body = json.dumps({"sender": self._sender, "message": message}).encode()
        request = urllib.request.Request(self._address, body, {"Content-Type": "application/json"})
        started = time.perf_counter()
        with urllib.request.urlopen(request, timeout=60) as reply:
            return json.load(reply), (time.perf_counter() - started) * 1000


def answers(messages: list[dict[str, Any]]) -> list[list[str]]:
    """Return the keys of each message but the lead-in."""
    found = []
    for message in messages:
        metadata = message["metadata"]
        answer = metadata.get("answer") or []
        keys = answer if isinstance(answer, list) else [answer]
        extra = ["table"] if metadata.get("table") else ["offer"] if metadata.get("candidates") else []
        if not metadata.get("lead_in") or "nearest" in message.get("text", ""):
            found.append([*keys, *extra])
    return found


def turns(conversation: str) -> Iterator[tuple[str, list[str]]]:
    """Yield (words, wanted keys) of one conversation."""
    for turn in conversation.split(" > "):
        words, _, wanted = turn.partition(" => ")
        yield words.strip(), wanted.strip().split("|") if wanted else []


def run_conversations(rows: list[str], port: int) -> Group:
    """Judge every turn that says what it wants."""
    group = Group()
    for row in rows:
        talk, said = Talk(port), []
        for words, wanted in turns(row):
            messages, took = talk.say(words)
            said.append(words)
            if wanted:
                got = answers(messages)
                keys = {key for one in got for key in one}
                group.judge(bool(keys & set(wanted)), f"{' > '.join(said)}: wanted {wanted}, got {got}")
                group.times.append(took)
    return group


def run_several(rows: list[str], port: int) -> Group:
    """Judge messages with several questions: every part answered, in order."""
    group = Group()
    for row in rows:
        words, _, wanted = row.partition(" => ")
        messages, took = Talk(port).say(words)
        got, parts = answers(messages), wanted.split(" + ")
        group.judge(_in_order(got, parts), f"{words}: wanted {parts}, got {got}")
        group.times.append(took)
    return group


def _in_order(got: list[list[str]], parts: list[str]) -> bool:
    place = 0
    for part in parts:
        # "a/b/c/d" names alternatives: keys of two halves each.
        halves = part.strip(' "').split("/")
        wanted = {"/".join(halves[i : i + 2]) for i in range(0, len(halves), 2)}
        while place < len(got) and not (part == "any" or set(got[place]) & wanted):
            place += 1
        if place == len(got):
            # The same answer may serve two parts: it is spoken once.
            return part != parts[0] and any(set(one) & wanted for one in got)
        place += 1
    return True


def run_single(rows: list[str], port: int) -> Group:
    """Judge single questions: not taken apart."""
    group = Group()
    for words in rows:
        messages, took = Talk(port).say(words)
        split = any(message["metadata"].get("lead_in") for message in messages)
        group.judge(not split, f"{words}: got {answers(messages)}")
        group.times.append(took)
    return group


def main() -> int:
    """Run all groups."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="of a running bot (make run)")
    parser.add_argument("--only", help="one group")
    options = parser.parse_args()
    script = yaml.safe_load(SCRIPT.read_text(encoding="utf-8"))
    runs = {
        "follow_ups": run_conversations,
        "topic_switches": run_conversations,
        "several": run_several,
        "single": run_single,
    }
    worst = 1.0
    for name, run in runs.items():
        if options.only and name != options.only:
            continue
        group = run(script[name], options.port)
        worst = min(worst, group.share)
        middle = statistics.median(group.times)
        total = group.right + len(group.failures)
        print(f"{name}: {group.right}/{total} right ({group.share:.0%}), p50 {middle:.0f} ms")
        for failure in group.failures:
            print(f"  {failure}")
    return 0 if worst >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
