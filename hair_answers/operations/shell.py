"""`make shell`: the same bot in the terminal, chips as numbers; Ctrl-D or /stop ends it."""

from __future__ import annotations

import json
import os
import re
import readline  # noqa: F401  (gives input() line editing and a history)
import sys
import textwrap
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from typing import Any
from urllib.error import HTTPError

from hair_answers.operations.ports import free_port
from hair_answers.operations.run import CannotRun, Settings, Stopped, Team, stop_on_signals
from hair_answers.operations.training import ROOT, TrainingFailed, train

WIDTH = 100  # characters
ANSWER_SECONDS = 30.0
GREETING = "/small_talk/greet"
ENDS = frozenset({"/stop", "/quit", "/exit"})
_BOLD = re.compile(r"\*\*(.+?)\*\*")
_LINK = re.compile(r"\[([^\]]+)\]\((https?://[^)\s]+)\)")

Message = dict[str, Any]
Ask = Callable[[str], list[Message]]


class Terminal:
    """One conversation: what is typed goes to `ask`, what comes back is written with its chips numbered."""

    def __init__(self, ask: Ask, write: Callable[[str], object] = print, styled: bool = False) -> None:
        self._ask = ask
        self._write = write
        self._styled = styled
        self._payloads: list[str] = []

    def talk(self, lines: Iterator[str]) -> None:
        """Greet, then answer line by line until the lines end or one of ENDS is typed."""
        self.say(GREETING)
        for line in lines:
            typed = line.strip()
            if typed.lower() in ENDS:
                return
            if typed:
                self.say(self._chosen(typed))

    def say(self, message: str) -> None:
        """Send one message and write the answer."""
        chips: list[Message] = []
        for reply in self._ask(message):
            self._write("\n" + self._shown(reply.get("text") or ""))
            chips += reply.get("buttons") or ()
        self._payloads = [chip["payload"] for chip in chips]
        if chips:
            self._write("\n" + "\n".join(f"  [{n}] {chip['title']}" for n, chip in enumerate(chips, 1)))

    def _chosen(self, typed: str) -> str:
        """Return the payload a chip's number stands for, or what was typed."""
        place = int(typed) if typed.isdecimal() else 0
        return self._payloads[place - 1] if 0 < place <= len(self._payloads) else typed

    def _shown(self, text: str) -> str:
        bold = "\033[1m\\1\033[0m" if self._styled else r"\1"
        plain = _BOLD.sub(bold, _LINK.sub(r"\1 (\2)", text))
        return "\n".join(
            textwrap.fill(line, WIDTH, subsequent_indent=_indent(line)) for line in plain.split("\n")
        )


def _indent(line: str) -> str:
    marker = re.match(r"(?:- |\d+\. )", line)
    return " " * len(marker.group()) if marker else ""


def ask_over_rest(address: str, sender: str) -> Ask:
    """Return a function that sends one message to a running bot and returns its messages."""

    def ask(message: str) -> list[Message]:
        request = urllib.request.Request(  # noqa: S310
            f"{address}/webhooks/rest/webhook",
            json.dumps({"sender": sender, "message": message}).encode(),
            {"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as reply:  # noqa: S310
                return list(json.load(reply))
        except HTTPError as refused:
            return [{"text": json.load(refused)["error"]["message"]}]

    return ask


def typed_lines() -> Iterator[str]:
    """Yield what is typed, with a prompt, until Ctrl-D."""
    prompt = "\nYou: " if sys.stdin.isatty() else ""
    while True:
        try:
            yield input(prompt)
        except EOFError:
            return


def converse() -> None:
    """Start the bot on free ports of this machine and talk until the person leaves."""
    settings = Settings(
        port=free_port(),
        action_port=free_port(),
        endpoints=os.environ.get("ENDPOINTS", Settings.endpoints),
        credentials=os.environ.get("CREDENTIALS", Settings.credentials),
    )
    (ROOT / ".state").mkdir(exist_ok=True)
    team = Team(settings)
    try:
        model = train(ROOT)
        print("Starting …", flush=True)
        team.start(model)
        team.wait_until_ready()
        print("Type a question, or the number of a suggestion. Ctrl-D or /stop ends the conversation.")
        ask = ask_over_rest(f"http://127.0.0.1:{settings.port}", f"shell-{uuid.uuid4().hex}")
        Terminal(ask, styled=sys.stdout.isatty()).talk(typed_lines())
    finally:
        team.stop()


def main() -> int:
    """Run from the command line; exit 0 when the person leaves, 1 after a fault."""
    os.chdir(ROOT)
    stop_on_signals()
    try:
        converse()
    except Stopped:
        pass
    except (CannotRun, TrainingFailed) as error:
        print(f"\nHair Answers cannot run: {error}", file=sys.stderr, flush=True)
        return 1
    except OSError as error:
        print(f"\nThe bot stopped answering ({error}). Cure: start `make shell` again.", file=sys.stderr)
        return 1
    print("\nGoodbye.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
