"""What every channel does with typed text, senders, floods and turns that fail."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rasa.core.channels.channel import UserMessage

from hair_answers.channels import intake
from hair_answers.channels.intake import (
    LONGEST,
    IntakeError,
    RateLimiter,
    SpokenOutput,
    clean_text,
    take_turn,
    valid_sender,
)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  does it hurt? ", "does it hurt?"),
        ("/causes", "causes"),
        ("//restart", "restart"),
        ('/greet{"name": "x"}', 'greet{"name": "x"}'),
        ("nul\x00 and zero\u200bwidth", "nul and zerowidth"),
        ("lone \ud800", "lone"),
        ("😭 why", "😭 why"),
        ("a" * LONGEST, "a" * LONGEST),
    ],
)
def test_clean_text(typed, kept):
    assert clean_text(typed) == kept


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("\u200b\u200d", "empty"),
        ("///", "empty"),
        ("\ud800", "empty"),
        ("a" * (LONGEST + 1), "too_long"),
        (None, "not_text"),
        (7, "not_text"),
        (["hi"], "not_text"),
        ({"text": "hi"}, "not_text"),
        (True, "not_text"),
    ],
)
def test_text_that_cannot_be_taken(typed, code):
    with pytest.raises(IntakeError) as refused:
        clean_text(typed)
    assert refused.value.code == code
    assert len(str(refused.value)) > 10


@given(st.text(max_size=LONGEST))
def test_taken_text_is_storable_and_no_command(typed):
    try:
        kept = clean_text(typed)
    except IntakeError:
        return
    kept.encode("utf-8")
    assert "\x00" not in kept
    assert not kept.startswith("/")


@pytest.mark.parametrize("sender", ["a", "A-b_9", "f" * 64])
def test_valid_sender(sender):
    assert valid_sender(sender) == sender


@pytest.mark.parametrize(
    "sender", ["", "a b", "a\x00b", "\ud800", "é", "f" * 65, "a\n", None, 5, ["a"], {"a": 1}]
)
def test_invalid_sender(sender):
    with pytest.raises(IntakeError, match="1 to 64 letters"):
        valid_sender(sender)


def test_rate_limit_is_per_sender_and_passes():
    limiter = RateLimiter(messages=2, seconds=10)
    assert [limiter.allow("a", now) for now in (0, 1, 2)] == [True, True, False]
    assert limiter.allow("b", 2)
    assert [limiter.allow("a", now) for now in (10.5, 10.6, 11.5)] == [True, False, True]


def test_rate_limit_remembers_a_bounded_number_of_senders():
    limiter = RateLimiter(messages=1, seconds=100, senders=3)
    for number in range(50):
        limiter.allow(str(number), now=0)
    assert len(limiter._times) == 3
    assert not limiter.allow("49", now=1)


class Collected(SpokenOutput):
    def __init__(self):
        self.sent = []

    async def deliver(self, recipient_id, message):
        self.sent.append(message)


def turn(handler, output):
    asyncio.run(take_turn(handler, UserMessage("hi", output, "someone")))
    return [message["metadata"]["answer"] for message in output.sent]


def test_a_spoken_turn_is_left_alone():
    async def answers(message):
        await message.output_channel.send_response("someone", {"text": "hi", "metadata": {"answer": "a/b"}})

    assert turn(answers, Collected()) == ["a/b"]


def test_silence_and_failure_become_an_apology():
    async def silent(_):
        return None

    async def failing(_):
        raise KeyError("response_selector")

    for handler in (silent, failing):
        output = Collected()
        assert turn(handler, output) == ["fallback/error"]
        assert "{" not in output.sent[0]["text"]


def test_a_failure_after_the_answer_adds_nothing():
    async def late(message):
        await message.output_channel.send_response("someone", {"text": "hi", "metadata": {"answer": "a/b"}})
        raise RuntimeError

    assert turn(late, Collected()) == ["a/b"]


def test_a_hanging_turn_ends(monkeypatch):
    monkeypatch.setattr(intake, "TURN_SECONDS", 0.05)

    async def hanging(_):
        await asyncio.sleep(60)

    assert turn(hanging, Collected()) == ["fallback/error"]


def test_an_output_that_breaks_does_not_break_the_server(caplog):
    class Broken(Collected):
        async def deliver(self, recipient_id, message):
            raise ConnectionError("gone")

    async def silent(_):
        return None

    assert turn(silent, Broken()) == []
    assert "could not be sent" in caplog.text


def test_the_text_of_a_failed_turn_stays_out_of_the_log(caplog):
    async def failing(_):
        raise ValueError("broken")

    asyncio.run(take_turn(failing, UserMessage("my secret illness", Collected(), "someone")))
    assert "secret illness" not in caplog.text
