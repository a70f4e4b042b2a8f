"""A red flag inside a form: help comes first at every question; an urgent one ends the form, a milder one does not."""

import uuid
from typing import Any

import pytest

pytestmark = pytest.mark.server

CRISIS, KEY = "i dont want to live anymore", "safety/self_harm"
EMERGENCY = "had prp this morning and now my throat is closing"


@pytest.fixture
def sender() -> str:
    return uuid.uuid4().hex


def asked(bot: Any, sender: str, *messages: str) -> Any:
    """Send messages; return the last turn's answers."""
    turns = [bot.answers(message, sender) for message in messages]
    return turns[-1]


ANSWERS = ("slow thinning", "6 months", "45", "nothing yet")  # to every question but the last, about health


@pytest.mark.parametrize("before", [ANSWERS[:asked] for asked in range(len(ANSWERS) + 1)], ids=len)
@pytest.mark.parametrize(("text", "key"), [(CRISIS, KEY), (EMERGENCY, "safety/emergency_after_procedure")])
def test_help_comes_first_at_every_question_of_the_guided_check(
    bot: Any, sender: str, before: tuple[str, ...], text: str, key: str
) -> None:
    asked(bot, sender, "/guided_check/start", *before)
    (reply,) = bot.ask(text, sender)
    assert (reply["metadata"]["answer"], reply["metadata"]["safety"]["tier"]) == (key, 0)
    assert "buttons" not in reply


@pytest.mark.parametrize("before", [(), ("yes",), ("yes", "Jane Doe")], ids=["consent", "name", "contact"])
def test_help_comes_first_at_every_question_of_the_call_back(
    bot: Any, sender: str, before: tuple[str, ...]
) -> None:
    asked(bot, sender, "/handoff/person", *before)
    (reply,) = bot.ask(CRISIS, sender)
    assert reply["metadata"]["answer"] == KEY
    # Nothing urgent is followed by a form: it has ended, and took neither a name nor a contact from it.
    assert bot.answers("what is alopecia areata", sender) == ["causes/alopecia_areata"]


def test_a_call_back_can_be_asked_for_again_after_help(bot: Any, sender: str) -> None:
    asked(bot, sender, "/handoff/person", "yes", CRISIS, "/handoff/person", "yes", "Jane Doe")
    assert bot.answers("jane@example.com", sender) == ["handoff/person"]


def test_after_milder_advice_the_call_back_goes_on(bot: Any, sender: str) -> None:
    asked(bot, sender, "/handoff/person", "yes")
    assert bot.answers("i am pregnant", sender)[0] == "safety/pregnancy"
    asked(bot, sender, "Jane Doe")
    assert bot.answers("jane@example.com", sender) == ["handoff/person"]


def test_a_question_after_help_is_answered_and_no_form_asks(bot: Any, sender: str) -> None:
    asked(bot, sender, "/guided_check/start", CRISIS)
    assert bot.answers("what is alopecia areata", sender) == ["causes/alopecia_areata"]


def test_help_comes_first_after_a_call_back_was_asked_for(bot: Any, sender: str) -> None:
    asked(bot, sender, "/handoff/person", "yes", "Jane Doe", "jane@example.com")
    assert bot.answers(CRISIS, sender) == [KEY]
    assert bot.answers("what is alopecia areata", sender) == ["causes/alopecia_areata"]


def test_a_slash_inside_a_form_is_no_way_round(bot: Any, sender: str) -> None:
    asked(bot, sender, "/guided_check/start")
    assert bot.answers(f"/{CRISIS}", sender) == [KEY]


@pytest.mark.parametrize("start", ["/guided_check/start", "/handoff/person"])
def test_the_second_half_of_a_two_part_question_is_heard_inside_a_form(
    bot: Any, sender: str, start: str
) -> None:
    asked(bot, sender, start)
    assert bot.answers(f"What does PRP cost? And {CRISIS}", sender) == [KEY]


def test_repeated_calls_for_help_inside_a_form_are_met_with_patience(bot: Any, sender: str) -> None:
    asked(bot, sender, "/guided_check/start")
    first, second = (bot.ask(CRISIS, sender)[0] for _ in range(2))
    assert first["metadata"]["answer"] == second["metadata"]["answer"] == KEY
    assert first["text"] != second["text"] and "I am still here" in second["text"]
