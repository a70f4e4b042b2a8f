"""The action server's results are still validated, by a validator made once."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from jsonschema import ValidationError
from rasa.core.actions.action import RemoteAction
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import read_endpoint_config

from hair_answers.operations import fast_actions

ROOT = Path(__file__).parents[2]

GOOD = {
    "events": [{"event": "slot", "timestamp": None, "name": "a", "value": 1}],
    "responses": [{"text": "hi"}],
}


@pytest.fixture(autouse=True)
def installed() -> None:
    fast_actions.install()


def test_good_results_pass() -> None:
    assert RemoteAction("action_x", None)._validate_action_result(GOOD)
    assert RemoteAction("action_x", None)._validate_action_result({})


@pytest.mark.parametrize(
    "bad",
    [
        {"events": "none"},
        {"events": [{"name": "no event type"}]},
        {"responses": ["text"]},
        {"events": [], "responses": {}},
        [],
        "text",
    ],
)
def test_bad_results_are_refused_with_a_cure(bad: object) -> None:
    with pytest.raises(ValidationError) as caught:
        RemoteAction("action_x", None)._validate_action_result(bad)
    assert "Cure" in caught.value.message


def test_installing_twice_changes_nothing() -> None:
    before = RemoteAction._validate_action_result
    fast_actions.install()
    assert RemoteAction._validate_action_result is before


def test_it_takes_no_time() -> None:
    action = RemoteAction("action_x", None)
    started = time.process_time()
    for _ in range(20):
        action._validate_action_result(GOOD)
    assert (time.process_time() - started) / 20 < 0.005, "Rasa's own takes 25 ms and more"


@pytest.mark.parametrize("name", ["endpoints.yml", "endpoints.production.yml"])
def test_no_action_is_sent_the_domain(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrongly spelt setting is ignored in silence: every call would carry 290 kB of answers."""
    for variable in re.findall(r"\$\{(\w+)\}", (ROOT / name).read_text(encoding="utf-8")):
        monkeypatch.setenv(variable, "http://127.0.0.1:5055/webhook")
    endpoint = read_endpoint_config(str(ROOT / name), endpoint_type="action_endpoint")
    body = RemoteAction("action_compare", endpoint)._action_call_format(
        DialogueStateTracker.from_events("someone", []), Domain.empty()
    )
    assert "tracker" in body and "domain" not in body
