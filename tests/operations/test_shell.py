"""The terminal conversation: chips by number, a clean end, and the real bot behind it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hair_answers.operations.shell import Terminal

ROOT = Path(__file__).resolve().parents[2]


class Bot:
    def __init__(self, *replies):
        self.asked = []
        self.replies = list(replies)

    def __call__(self, message):
        self.asked.append(message)
        return self.replies.pop(0) if self.replies else [{"text": "again"}]


def chips(*keys):
    return [{"title": key.title(), "payload": f"/{key}"} for key in keys]


def talk(bot, *lines, **settings):
    written = []
    Terminal(bot, write=written.append, **settings).talk(iter(lines))
    return "\n".join(written)


def test_it_greets_and_ends_with_the_lines():
    bot = Bot([{"text": "Hello."}])
    assert "Hello." in talk(bot)
    assert bot.asked == ["/small_talk/greet"]


@pytest.mark.parametrize("end", ["/stop", " /STOP ", "/quit", "/exit"])
def test_stop_ends_it(end):
    bot = Bot()
    talk(bot, "one", end, "two")
    assert bot.asked == ["/small_talk/greet", "one"]


def test_blank_lines_are_not_sent():
    bot = Bot()
    talk(bot, "", "   ", "one")
    assert bot.asked == ["/small_talk/greet", "one"]


def test_a_number_picks_the_chip_of_the_latest_answer():
    bot = Bot(
        [{"text": "Hi", "buttons": chips("a", "b")}], [{"text": "B", "buttons": chips("c")}], [{"text": "2?"}]
    )
    shown = talk(bot, "2", "2", "1")
    assert bot.asked == ["/small_talk/greet", "/b", "2", "1"]
    assert "  [1] A\n  [2] B" in shown


def test_chips_of_all_messages_of_a_turn_are_numbered_on():
    bot = Bot([{"text": "1", "buttons": chips("a")}, {"text": "2", "buttons": chips("b")}])
    talk(bot, "2")
    assert bot.asked[-1] == "/b"


def test_marks_become_plain_text():
    bot = Bot([{"text": "**Bold** and [a page](https://example.org/x).\n\n- one\n- two"}])
    assert "Bold and a page (https://example.org/x).\n\n- one\n- two" in talk(bot)
    assert "\033[1mBold\033[0m" in talk(Bot([{"text": "**Bold**"}]), styled=True)


@pytest.mark.server
def test_make_shell_answers_and_leaves_nothing_behind(bot):
    """`bot` has trained the model, so this start is quick."""
    done = subprocess.run(
        [sys.executable, "-m", "hair_answers.operations.shell"],
        cwd=ROOT, input="what is alopecia areata\n1\n", text=True, capture_output=True, timeout=150,
        env={**os.environ},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "I am Hair Answers" in done.stdout.replace("**", "")
    assert "immune" in done.stdout or "defence" in done.stdout
    assert done.stdout.count("  [1] ") == 3
    assert done.stdout.rstrip().endswith("Goodbye.")
    assert "Warning" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
