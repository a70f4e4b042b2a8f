"""What the end-to-end tests say and expect: questions whose answers are known, and people who are new."""

from __future__ import annotations

import itertools
import json
import urllib.request
from typing import Any

from hair_answers.channels.renderers import slack, telegram
from hair_answers.channels.renderers.document import read
from hair_answers.knowledge.library import Library
from tests.channels.stand_ins.running import API_TOKEN, Running

KEYS = (
    "causes/alopecia_areata",
    "procedure/harvesting",
    "drawbacks/cost",
    "causes/stress",
    "alternatives/prp",
)
_people = itertools.count(1)


def question(key: str) -> str:
    """A phrase its author wrote for this answer."""
    answer = Library.default().answer(key)
    assert answer is not None, key
    return answer.phrases[0]


def opening(key: str, channel: str) -> str:
    """The first paragraph of an answer as a channel shows it."""
    answer = Library.default().answer(key)
    assert answer is not None, key
    render = slack.render_block if channel == "slack" else telegram.render_block
    return render(read(answer.text)[0])


def voice(name: str) -> str:
    """The first words of a line of the bot's own voice."""
    return Library.default().voice[name].text.split(".")[0].split("{")[0].replace("**", "")


def new_user() -> str:
    """A Slack user nobody was before."""
    return f"U{next(_people):08d}"


def new_person() -> int:
    """A Telegram user nobody was before."""
    return 5_000_000 + next(_people)


def tracker(running: Running, conversation: str) -> dict[str, Any]:
    """A conversation as Rasa keeps it."""
    address = f"{running.url}/conversations/{conversation}/tracker?token={API_TOKEN}"
    with urllib.request.urlopen(address, timeout=10) as reply:
        return dict(json.load(reply))


def said(running: Running, conversation: str) -> list[str]:
    """What a person said in a conversation, as Rasa took it."""
    events = tracker(running, conversation)["events"]
    return [str(event["text"]) for event in events if event["event"] == "user"]


def trigger(running: Running, conversation: str, output_channel: str) -> int:
    """Have Rasa speak first, as a reminder or the clinic's own system would."""
    request = urllib.request.Request(
        f"{running.url}/conversations/{conversation}/trigger_intent"
        f"?output_channel={output_channel}&token={API_TOKEN}",
        json.dumps({"name": "rephrase"}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=15) as reply:
        return int(reply.status)
