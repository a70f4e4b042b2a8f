"""Follow-ups, several questions, topic switches, the forms and their privacy through a running bot."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import uuid
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks import follow_ups as script
from hair_answers.operations.outbox import VARIABLE, Outbox
from hair_answers.operations.run import SETTLED_SECONDS

ROOT = Path(__file__).resolve().parents[2]
GROUPS = yaml.safe_load((ROOT / "benchmarks" / "follow_ups.yml").read_text(encoding="utf-8"))
pytestmark = pytest.mark.server


@pytest.mark.parametrize(
    ("name", "judge"),
    [
        ("follow_ups", script.run_conversations),
        ("topic_switches", script.run_conversations),
        ("several", script.run_several),
        ("single", script.run_single),
    ],
)
def test_nine_in_ten_are_right(bot: Any, name: str, judge: Any) -> None:
    group = judge(GROUPS[name], bot.port)
    assert group.share >= script.GOAL, "\n".join(group.failures)


def test_two_misses_lead_to_examples_and_a_person(bot: Any) -> None:
    sender = uuid.uuid4().hex
    first, second = bot.ask("asdf qwer zxcv", sender), bot.ask("blorp fnord", sender)
    assert first[0]["metadata"]["answer"] == second[0]["metadata"]["answer"] == "fallback/rephrase"
    assert first[0]["text"] != second[0]["text"]
    assert "/handoff/person" in {button["payload"] for button in second[0]["buttons"]}


def test_none_of_these_is_taken_as_a_miss(bot: Any) -> None:
    sender = uuid.uuid4().hex
    bot.ask("/fallback/none_of_these", sender)
    assert bot.answers("/fallback/none_of_these", sender) == ["fallback/rephrase"]


def test_a_form_is_interrupted_resumed_and_stopped(bot: Any) -> None:
    sender = uuid.uuid4().hex
    assert bot.answers("/guided_check/start", sender) == ["ask_guided_kind"]
    assert bot.answers("what is minoxidil", sender) == ["alternatives/minoxidil", "ask_guided_kind"]
    assert bot.answers("slow thinning", sender) == ["ask_guided_duration"]
    assert bot.answers("stop", sender) == ["guided_check/stop"]
    assert bot.answers("is it safe", sender) == ["alternatives/minoxidil_side_effects"]


def test_a_red_flag_beats_a_form(bot: Any) -> None:
    sender = uuid.uuid4().hex
    bot.ask("/guided_check/start", sender)
    assert bot.answers("i want to kill myself", sender) == ["safety/self_harm"]


def test_the_guided_check_ends_with_notes_and_no_verdict(bot: Any) -> None:
    sender = uuid.uuid4().hex
    bot.ask("/guided_check/start", sender)
    for reply in ("Round or patchy bald spots", "6 months", "45", "minoxidil and prp"):
        bot.ask(reply, sender)
    (notes,) = bot.ask("None of these", sender)
    assert notes["metadata"]["answer"] == "suitability/is_it_right_for_me"
    assert "not a verdict" in notes["text"]


def server_conftest(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module that starts a bot: tests that stop one need their own."""
    spec = spec_from_file_location("server_conftest", ROOT / "tests" / "conftest.py")
    assert spec and spec.loader
    module = module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "server_conftest", module)  # dataclasses look their module up by name
    spec.loader.exec_module(module)
    return module


def stored(word: str) -> list[str]:
    """The files of .state that hold a word; the outbox is the one place where contact details belong."""
    files = [p for p in (ROOT / ".state").rglob("*") if p.is_file() and not p.name.startswith("outbox")]
    return [path.name for path in files if word.encode() in path.read_bytes()]


def test_a_call_back_survives_a_restart_and_leaves_no_trace_in_the_conversation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    conftest = server_conftest(monkeypatch)
    address = f"sqlite:///{tmp_path / 'outbox.db'}"
    sender, name, phone = uuid.uuid4().hex, "Zebedee Quuxley", "212 555 0143"
    bot = conftest.start_bot(tmp_path / "first.log", **{VARIABLE: address})
    try:
        bot.ask("talk to a person", sender)
        bot.ask("yes", sender)
        assert bot.answers(name, sender) == ["ask_handoff_contact"]
    finally:
        bot.stop()
    bot = conftest.start_bot(tmp_path / "second.log", **{VARIABLE: address})
    try:
        assert bot.answers("12", sender)[0] == "handoff/again"
        (message,) = bot.ask(phone, sender)
    finally:
        bot.stop()
    (request,) = Outbox(address).requests()
    assert (request.name, request.contact) == (name, "+12125550143")
    found = re.search(r"HA-\w{6}", message["text"])
    assert found and found.group() == request.reference
    for secret in ("Quuxley", phone, "2125550143"):
        assert stored(secret) == []
        assert secret not in (tmp_path / "first.log").read_text() + (tmp_path / "second.log").read_text()


def test_without_the_action_server_plain_answers_go_on_and_it_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    conftest = server_conftest(monkeypatch)
    bot = conftest.start_bot(tmp_path / "log")
    try:
        time.sleep(SETTLED_SECONDS)
        children = subprocess.run(
            ["ps", "-o", "pid=,args=", "--ppid", str(bot.process.pid)], capture_output=True, text=True
        )
        (action_server,) = [int(row.split()[0]) for row in children.stdout.splitlines() if "rasa_sdk" in row]
        os.kill(action_server, signal.SIGKILL)
        assert bot.answers("what is prp treatment for hair") == ["alternatives/prp"]
        assert bot.answers("does it hurt")[0] in ("fallback/error", "procedure/pain")
        deadline = time.monotonic() + 20
        while bot.answers("does it hurt") != ["procedure/pain"] and time.monotonic() < deadline:
            time.sleep(0.2)
        assert bot.answers("does it hurt") == ["procedure/pain"]
    finally:
        bot.stop()
