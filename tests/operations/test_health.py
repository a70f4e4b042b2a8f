import asyncio
import json
import logging
import sys
from types import SimpleNamespace

import pytest

from hair_answers.operations import metrics
from hair_answers.operations.health import HealthInput
from hair_answers.operations.logs import JsonFormatter
from hair_answers.operations.open_api import OpenApi, refuse_open_api


class Agent:
    """Stands in for Rasa's: answers, or fails as told."""

    action_endpoint = None
    tracker_store = SimpleNamespace(is_away=False)

    def __init__(self, ready=True, says=("Hello",)):
        self._ready, self._says = ready, says
        self.processor = SimpleNamespace(parse_message=self._parse)

    def is_ready(self):
        return self._ready

    async def _parse(self, _):
        if isinstance(self._says, Exception):
            raise self._says

    async def handle_message(self, message):
        if isinstance(self._says, Exception):
            raise self._says
        for text in self._says:
            await message.output_channel.send_text_message(message.sender_id, text)


async def ready(agent, times=1):
    now = [0.0]
    health = HealthInput(clock=lambda: now[0])
    health.app = SimpleNamespace(ctx=SimpleNamespace(agent=agent))
    for _ in range(times):
        answer = await health.ready(None)
        now[0] += 60
    return answer.status, json.loads(answer.body)


async def test_ready_means_that_a_message_was_answered():
    assert await ready(Agent(), 2) == (200, {"status": "ready", "degraded": []})


@pytest.mark.parametrize(
    "agent", [None, Agent(ready=False), Agent(says=()), Agent(says=RuntimeError("broken model"))]
)
async def test_a_bot_that_would_not_answer_is_not_ready(agent):
    status, body = await ready(agent)
    assert status == 503
    assert body["status"] == "not ready"
    assert "broken model" not in json.dumps(body)


async def test_a_database_that_is_away_is_named_but_does_not_stop_the_bot():
    agent = Agent()
    agent.tracker_store = SimpleNamespace(is_away=True)
    assert await ready(agent) == (200, {"status": "ready", "degraded": ["database"]})


@pytest.mark.parametrize(
    ("token", "ip", "headers", "status"),
    [
        ("", "127.0.0.1", {}, 200),
        ("", "10.0.0.7", {}, 404),
        ("", "127.0.0.1", {"x-forwarded-for": "10.0.0.7"}, 404),
        ("secret", "10.0.0.7", {"authorization": "Bearer secret"}, 200),
        ("secret", "127.0.0.1", {"authorization": "Bearer other"}, 404),
        ("secret", "127.0.0.1", {}, 404),
    ],
)
async def test_metrics_are_for_those_who_may_see_them(token, ip, headers, status):
    answer = await HealthInput(token).metrics(SimpleNamespace(ip=ip, headers=headers))
    assert answer.status == status


def test_a_turn_is_counted_by_key_tier_and_decision_without_any_text():
    metrics.count_turn(
        [
            {
                "event": "user",
                "text": "zebra",
                "input_channel": "website",
                "parse_data": {"decision": "answer"},
            },
            {"event": "bot", "metadata": {"metadata": {"answer": "cost/price"}}},
            {
                "event": "bot",
                "metadata": {"metadata": {"answer": "safety/x", "safety": {"tier": 1, "rule": "r"}}},
            },
            {"event": "bot", "metadata": {"metadata": {"answer": "fallback/rephrase"}}},
        ]
    )
    page = metrics.page().decode()
    assert 'hair_answers_messages_total{channel="website",decision="answer"} 1.0' in page
    assert 'hair_answers_answers_total{answer="cost/price"} 1.0' in page
    assert 'hair_answers_safety_total{rule="r",tier="1"} 1.0' in page
    assert 'hair_answers_misses_total{kind="rephrase"} 1.0' in page
    assert "zebra" not in page


async def test_each_stage_is_timed_even_when_it_fails():
    async def fails():
        raise ValueError

    with pytest.raises(ValueError):
        await metrics.timed("test stage", fails)()
    assert 'hair_answers_stage_seconds_count{stage="test stage"} 1.0' in metrics.page().decode()


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--enable-api"],
        ["run", "--enable-api", "--interface", "0.0.0.0"],
        ["run", "--enable-api", "-i", "10.0.0.1"],
        ["run", "--enable-api", "--auth-token", ""],
        ["run", "--enable-api", "--interface=0.0.0.0"],
    ],
)
def test_an_open_api_does_not_start(arguments):
    with pytest.raises(OpenApi, match="Cure"):
        refuse_open_api(arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        ["run"],
        ["run", "--enable-api", "--interface", "127.0.0.1"],
        ["run", "--enable-api", "--auth-token", "long-and-secret"],
        ["run", "--enable-api", "--jwt-secret=long-and-secret"],
    ],
)
def test_a_closed_or_guarded_api_starts(arguments):
    refuse_open_api(arguments)


def test_a_log_line_has_no_text_no_id_and_no_words_of_an_exception(monkeypatch):
    monkeypatch.setenv("HAIR_ANSWERS_SECRET", "s" * 32)
    try:
        raise ValueError("zebra")
    except ValueError:
        record = logging.LogRecord(
            "rasa.core", logging.ERROR, "f.py", 1,
            "failed: text='my hair' sender_id=web-abcdefgh12345 mail a@b.example", (), sys.exc_info(),
        )  # fmt: skip
    line = JsonFormatter().format(record)
    data = json.loads(line)
    assert data["error"] == "ValueError"
    assert "test_health.py" in data["at"]
    for secret in ("zebra", "my hair", "web-abcdefgh12345", "a@b.example"):
        assert secret not in line


async def test_metrics_watch_an_agent_without_changing_what_it_does():
    agent = Agent()
    agent.tracker_store = SimpleNamespace(
        is_away=False, retrieve=_nothing, save=_nothing, on_turn=None, queue_depth=3
    )
    metrics.watch(agent, agent.tracker_store)
    told = []
    output = SimpleNamespace(send_text_message=lambda sender, text: _note(told, text))
    await agent.handle_message(SimpleNamespace(output_channel=output, sender_id="s"))
    assert told == ["Hello"]
    assert agent.tracker_store.on_turn is metrics.count_turn
    assert 'hair_answers_waiting_events{store="database"} 3.0' in metrics.page().decode()


async def _nothing(*_):
    await asyncio.sleep(0)


async def _note(told, text):
    told.append(text)
