"""Whole turns over REST of a bot that runs already, one person: `python -m benchmarks.turns --port 5005`."""

from __future__ import annotations

import argparse
import json
import time
import urllib.request
import uuid

QUESTIONS = (
    "What causes hair loss?",
    "is it approved by the fda",
    "how much is prp",
    "what are the steps",
    "can stress make my hair fall out",
    "does minoxidil work",
    "how long do results last",
    "what is alopecia areata",
    "will it hurt",
    "what are the drawbacks",
)
COMPARISON = "minoxidil vs finasteride"  # answered by a custom action
PLAIN_TURNS, ACTION_TURNS, TURNS_A_PERSON = 300, 100, 5


def turn(port: int, message: str, sender: str) -> float:
    """Send one message and return the milliseconds until the whole answer was there."""
    body = json.dumps({"message": message, "sender": sender}).encode()
    address = f"http://127.0.0.1:{port}/webhooks/rest/webhook"
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
    started = time.perf_counter()
    with urllib.request.urlopen(request, timeout=60) as reply:
        reply.read()
    return (time.perf_counter() - started) * 1000


def percentiles(times: list[float]) -> str:
    """Return median and 99th percentile, ms."""
    ordered = sorted(times)
    return f"p50 {ordered[len(ordered) // 2]:.1f} ms, p99 {ordered[int(len(ordered) * 0.99)]:.1f} ms"


def main() -> None:
    """Print both kinds of turn."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=5005)
    port, run = parser.parse_args().port, uuid.uuid4().hex[:8]
    for question in QUESTIONS:
        turn(port, question, f"{run}-warm")
    plain = [
        turn(port, QUESTIONS[i % len(QUESTIONS)], f"{run}-{i // TURNS_A_PERSON}") for i in range(PLAIN_TURNS)
    ]
    action = [turn(port, COMPARISON, f"{run}-a{i}") for i in range(ACTION_TURNS)]
    print(f"plain turn: {percentiles(plain)}\ncustom-action turn: {percentiles(action)}")


if __name__ == "__main__":
    main()
