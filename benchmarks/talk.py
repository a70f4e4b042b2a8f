"""What people say in the load: conversations of unseen questions, follow-ups and small talk, no two alike."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from pathlib import Path

QUESTIONS = Path(__file__).parent / "own_questions.tsv"
# Follow-ups and comparisons need the action server, as do several questions in one message.
FOLLOW_UPS = (
    "does it hurt",
    "what does it cost",
    "how many sessions",
    "where does that come from",
    "is it safe",
    "and for women",
    "how long does it last",
    "compare it with prp",
    "which is cheaper",
    "is it approved",
    "what are the risks",
    "tell me more",
)
SMALL_TALK = ("hello", "hi there", "ok", "thanks", "thank you", "bye", "blorp")
# What the bot that `rasa init` makes understands, as its own data has it.
DEFAULT_PROJECT = ("hello", "bye", "are you a bot?", "i am sad", "yes", "no", "good morning", "i am great")


def questions() -> list[str]:
    """Return the questions written for the benchmarks; none is a training phrase."""
    with QUESTIONS.open(encoding="utf-8") as file:
        return [row["text"] for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]


def conversations(seed: int = 0) -> Iterator[tuple[str, ...]]:
    """Yield conversations of six messages without end: three questions, two follow-ups, a nicety."""
    choice, asked = random.Random(seed), questions()
    while True:
        first, second, third = choice.sample(asked, 3)
        yield (
            first,
            choice.choice(FOLLOW_UPS),
            second,
            third,
            choice.choice(FOLLOW_UPS),
            choice.choice(SMALL_TALK),
        )


def plain(seed: int = 0) -> Iterator[tuple[str, ...]]:
    """Yield conversations of questions alone: no action server."""
    choice, asked = random.Random(seed), questions()
    while True:
        yield tuple(choice.sample(asked, 6))


def default_project(seed: int = 0) -> Iterator[tuple[str, ...]]:
    """Yield what one says to the bot of `rasa init`."""
    choice = random.Random(seed)
    while True:
        yield tuple(choice.choices(DEFAULT_PROJECT, k=6))
