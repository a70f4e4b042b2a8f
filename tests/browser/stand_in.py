"""A stand-in bot for browser tests: the real website channel in front of scripted answers.

Usage: python tests/browser/stand_in.py PORT STATE_FOLDER [KEY=VALUE of the channel's credentials …]
What is typed picks the answer: "table", "steps", "safety", "long", "slow 2" (seconds), "fail", "context",
"reply" (the message in STATE_FOLDER/reply.json), else an echo.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import yaml
from rasa.core.channels.channel import UserMessage
from sanic import Sanic

from hair_answers.channels.website import WebsiteInput
from hair_answers.operations.feedback import VARIABLE

SOURCES = [
    {"key": "A", "title": "What causes hair loss", "publisher": "The clinic's article", "url": None},
    {
        "key": "S1",
        "title": "Alopecia areata: overview",
        "publisher": "NIAMS",
        "url": "https://example.org/areata",
    },
    {"key": "S2", "title": "Hair loss: who gets it", "publisher": "AAD", "url": "https://example.org/who"},
]
GRADED = {
    "origin_label": "From the clinic's articles and public sources",
    "sources": SOURCES,
    "evidence": "early",
    "evidence_label": "Early research only",
    "reviewed": "2026-11-22",
    "source_line": "From the clinic's articles and public sources. Reviewed 22 Nov 2026.",
}
CHIPS = [
    {"title": "What causes hair loss", "payload": "/causes/overview"},
    {"title": "How the treatment is done", "payload": "/procedure/overview"},
    {"title": "Does it work?", "payload": "/research/does_it_work"},
]
GREETING = {
    "text": "Hello. I answer questions about **hair loss** and stem-cell therapy for hair.\n\nWhere shall we start?",
    "buttons": CHIPS,
    "metadata": {"answer": "small_talk/greet", "title": "", "sources": []},
}
STEPS = {
    "text": "The treatment has four steps. They are done in this order on one day.",
    "buttons": CHIPS,
    "metadata": {
        **GRADED,
        "answer": "procedure/injection",
        "title": "Putting cells into the scalp",
        "steps": {
            "current": 3,
            "keys": [
                "procedure/harvesting",
                "procedure/processing",
                "procedure/injection",
                "procedure/regrowth",
            ],
            "titles": [
                "Taking cells",
                "Preparing cells",
                "Putting cells into the scalp",
                "Waiting for growth",
            ],
        },
    },
}
ROWS = [
    ("Aim", "Wake up resting follicles", "Move follicles from the back of the head"),
    ("Evidence", "Small, short studies", "Decades of use"),
    ("Time to see a change", "3 to 12 months", "9 to 12 months"),
    ("Cost", "Often not covered by insurance", "Often not covered by insurance"),
]
TABLE = {
    "text": "Here are the two side by side. Neither suits everyone.",
    "buttons": CHIPS,
    "metadata": {
        **GRADED,
        "answer": ["alternatives/hair_transplant", "research/does_it_work"],
        "title": "Transplant and stem-cell therapy",
        "table": {
            "columns": ["", "Stem-cell therapy", "Hair transplant"],
            "rows": [
                {
                    "label": label,
                    "cells": [{"text": one, "sources": ["S1"]}, {"text": two, "sources": ["S2", "A"]}],
                }
                for label, one, two in ROWS
            ],
        },
    },
}
SAFETY = {
    "text": "I am sorry you feel this way. **You deserve help now.**\n\nPlease call or text one of these lines.",
    "metadata": {
        "answer": "safety/self_harm",
        "title": "You are not alone",
        "sources": [],
        "evidence": "none",
        "safety": {"tier": 0, "rule": "self_harm"},
        "helplines": [
            {"name": "988 Suicide & Crisis Lifeline", "number": "988", "kind": "tel"},
            {"name": "Crisis Text Line", "number": "741741", "kind": "sms"},
            {"name": "Find a Helpline", "number": "https://findahelpline.com", "kind": "url"},
        ],
    },
}
LONG = {
    "text": "\n\n".join(
        f"Paragraph {n} of a long answer that says one more thing about hair." for n in range(40)
    ),
    "metadata": {**GRADED, "answer": "causes/overview", "title": "A long answer"},
}
PLAIN = {
    "text": "This is what is known.\n\n- **One** thing\n- [another](https://example.org/another)",
    "buttons": CHIPS,
    "metadata": {**GRADED, "answer": "causes/alopecia_areata", "title": "Alopecia areata"},
}
SCRIPT = {
    "/small_talk/greet": GREETING,
    "table": TABLE,
    "steps": STEPS,
    "safety": SAFETY,
    "long": LONG,
    "/causes/overview": PLAIN,
    "/procedure/overview": STEPS,
}


STATE = Path()  # where the tests and this process leave things for each other


async def answer(message: UserMessage) -> None:
    """Send what the script has for this text."""
    word, _, rest = message.text.partition(" ")
    if word == "slow":
        await asyncio.sleep(float(rest))
    if word == "fail":
        raise RuntimeError("asked to fail")
    if word == "reply":
        reply = json.loads((STATE / "reply.json").read_text())
    else:
        reply = SCRIPT.get(message.text, {**PLAIN, "text": f"You asked: {message.text}"})
    await message.output_channel.send_response(message.sender_id, reply)
    if word == "context":
        await message.output_channel.send_text_message(message.sender_id, json.dumps(message.metadata))


class Erasing:
    """A tracker store that only notes what it was asked to erase."""

    def __init__(self, path: Path) -> None:
        self.path = path

    async def erase(self, sender_id: str) -> None:
        """Note the sender."""
        with self.path.open("a") as file:
            file.write(f"{sender_id}\n")


def main(port: str, *settings: str) -> None:
    """Serve until stopped."""
    options = {
        key: yaml.safe_load(value) for key, _, value in (setting.partition("=") for setting in settings)
    }
    channel = WebsiteInput.from_credentials({"secret": b"s" * 32, **options})
    os.environ[VARIABLE] = f"sqlite:///{STATE / 'feedback.db'}"
    app = Sanic("stand_in", configure_logging=False)
    app.ctx.agent = SimpleNamespace(tracker_store=Erasing(STATE / "erased"))
    app.blueprint(channel.blueprint(answer), url_prefix="/webhooks/website")
    app.run("127.0.0.1", int(port), access_log=False, debug=False, motd=False)


if __name__ == "__main__":
    STATE = Path(sys.argv.pop(2))
    main(*sys.argv[1:])
