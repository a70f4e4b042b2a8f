"""The forms' actions: replies, questions in between, red flags, "stop", and nothing personal left behind."""

from __future__ import annotations

from typing import Any

import pytest

from actions.finish_guided_check import FinishGuidedCheck
from actions.hand_over import HandOver
from actions.record_feedback import RecordFeedback
from actions.validate_feedback_form import ValidateFeedbackForm
from actions.validate_guided_check_form import ValidateGuidedCheckForm
from actions.validate_handoff_form import ValidateHandoffForm
from hair_answers.operations.feedback import shared_feedback
from hair_answers.operations.outbox import shared_outbox


def user(text: str, key: str = "x/y", decision: str = "abstain", **parse_data: Any) -> dict[str, Any]:
    """A message as the understanding step leaves it."""
    data = {"intent": {"name": key.partition("/")[0]}, "entities": [], "answer_ranking": [{"key": key}]}
    return {"event": "user", "text": text, "parse_data": {**data, "decision": decision, **parse_data}}


def bot(answer: str) -> dict[str, Any]:
    """A bot message as the speaking step leaves it."""
    return {"event": "bot", "text": "…", "metadata": {"metadata": {"answer": answer}}}


def asking(slot: str) -> dict[str, str]:
    return {"requested_slot": slot}


async def test_a_choice_is_kept_outside_the_conversation(run: Any) -> None:
    spoken = await run(
        ValidateGuidedCheckForm(), user("Round or patchy bald spots"), slots=asking("guided_kind")
    )
    assert spoken.slots == {"guided_kind": "given"}
    assert shared_outbox().draft("one") == {"guided_kind": '["patches"]'}


async def test_a_question_in_between_is_answered_and_the_form_asks_again(run: Any) -> None:
    asked = user("what is minoxidil", "alternatives/minoxidil", "answer")
    spoken = await run(ValidateGuidedCheckForm(), asked, slots=asking("guided_tried"))
    assert spoken.said == ["alternatives/minoxidil"]
    assert spoken.slots == {"guided_tried": None}


async def test_nonsense_is_asked_again_kindly(run: Any) -> None:
    spoken = await run(ValidateGuidedCheckForm(), user("purple"), slots=asking("guided_age"))
    assert (spoken.said, spoken.slots) == (["guided_check/pick_one"], {"guided_age": None})


async def test_stop_ends_the_form(run: Any) -> None:
    spoken = await run(ValidateGuidedCheckForm(), user("stop"), slots=asking("guided_age"))
    assert spoken.slots == {"guided_age": None, "requested_slot": None}


@pytest.mark.parametrize("action", [ValidateGuidedCheckForm, ValidateHandoffForm, ValidateFeedbackForm])
async def test_an_urgent_red_flag_ends_every_form_without_a_word(run: Any, action: type) -> None:
    slot = {"ValidateGuidedCheckForm": "guided_age", "ValidateHandoffForm": "handoff_name"}.get(
        action.__name__, "feedback_reason"
    )
    flag = user("i want to die", "safety/self_harm", "answer", safety={"tier": 0})
    spoken = await run(action(), flag, slots=asking(slot))
    assert spoken.said == []
    assert spoken.slots["requested_slot"] is None


async def test_a_mild_red_flag_is_a_health_reply_too(run: Any) -> None:
    flag = user("i take blood thinners", "safety/blood_thinners", "answer", safety={"tier": 3})
    assert (await run(ValidateGuidedCheckForm(), flag, slots=asking("guided_health"))).slots == {
        "guided_health": "given"
    }
    assert (await run(ValidateGuidedCheckForm(), flag, slots=asking("guided_age"))).slots == {
        "guided_age": None
    }


REPLIES = {
    "guided_kind": "receding", "guided_duration": "years", "guided_age": "51",
    "guided_tried": "nothing", "guided_health": "none",
}  # fmt: skip


async def test_the_check_ends_with_notes_and_keeps_nothing(run: Any) -> None:
    for slot, text in REPLIES.items():
        await run(ValidateGuidedCheckForm(), user(text), slots=asking(slot))
    started = {"event": "active_loop", "name": "guided_check_form"}
    events = (bot("safety/child"), started, bot("safety/pregnancy"), user("none"))
    spoken = await run(FinishGuidedCheck(), *events, slots=dict.fromkeys(REPLIES, "given"))
    assert spoken.said == ["suitability/is_it_right_for_me"]
    text = spoken.messages[0]["text"]
    assert "Pregnancy" in text
    assert "Hair loss in a child" not in text, "raised before the check began"
    assert spoken.slots == dict.fromkeys(REPLIES)
    assert shared_outbox().draft("one") == {}


async def test_a_stopped_check_says_so(run: Any) -> None:
    spoken = await run(FinishGuidedCheck(), user("stop"), slots={"guided_kind": "given"})
    assert spoken.said == ["guided_check/stop"]


async def test_a_call_back_goes_to_the_outbox_and_nowhere_else(run: Any) -> None:
    for slot, text, key in (
        ("handoff_consent", "yes please", "small_talk/affirm"),
        ("handoff_name", "my name is Jane Doe", "x/y"),
        ("handoff_contact", "jane@example.com", "x/y"),
    ):
        spoken = await run(ValidateHandoffForm(), user(text, key), slots=asking(slot))
        assert spoken.slots == {slot: "given"}
        assert spoken.said == []
    spoken = await run(HandOver(), bot("fallback/rephrase"), user("jane@example.com"))
    (request,) = shared_outbox().requests()
    assert (request.name, request.contact) == ("Jane Doe", "jane@example.com")
    assert request.reference in spoken.messages[0]["text"]
    assert "Jane" not in str(spoken.messages) + str(spoken.events)
    assert shared_outbox().draft("one") == {}


@pytest.mark.parametrize("text", ["no", "No thanks", "stop"])
async def test_no_consent_no_request(run: Any, text: str) -> None:
    spoken = await run(ValidateHandoffForm(), user(text), slots=asking("handoff_consent"))
    assert spoken.slots == {"handoff_consent": None, "requested_slot": None}
    assert (await run(HandOver(), user(text))).said == ["handoff/stopped"]
    assert shared_outbox().requests() == []


@pytest.mark.parametrize(
    ("slot", "text"), [("handoff_contact", "12"), ("handoff_name", "12"), ("handoff_consent", "hm")]
)
async def test_what_is_no_reply_is_asked_again(run: Any, slot: str, text: str) -> None:
    spoken = await run(ValidateHandoffForm(), user(text), slots=asking(slot))
    assert (spoken.said, spoken.slots) == (["handoff/again"], {slot: None})


async def test_a_question_is_no_name_but_will_smith_is_one(run: Any) -> None:
    asked = user("what is prp", "alternatives/prp", "answer")
    assert (await run(ValidateHandoffForm(), asked, slots=asking("handoff_name"))).said == [
        "alternatives/prp"
    ]
    spoken = await run(ValidateHandoffForm(), user("Will Smith"), slots=asking("handoff_name"))
    assert spoken.slots == {"handoff_name": "given"}


@pytest.mark.parametrize(
    ("before", "text", "reason"),
    [
        ((), "call me back", "asked"),
        ((bot("safety/sales_pressure"),), "call me back", "safety"),
        ((bot("fallback/rephrase"), user("?"), bot("fallback/rephrase")), "a person", "misses"),
        ((), "i want to complain", "complaint"),
    ],
)
async def test_the_clinic_hears_why(run: Any, before: tuple, text: str, reason: str) -> None:
    for field, value in (
        ("handoff_consent", "yes"),
        ("handoff_name", "Jane"),
        ("handoff_contact", "+12125550123"),
    ):
        shared_outbox().write_draft("one", field, value)
    await run(HandOver(), user("hm"), *before, user(text), user("last"))
    assert [row.reason for row in shared_outbox().requests()] == [reason]


async def test_a_thumb_down_is_kept_with_the_answers_version_and_a_redacted_reason(run: Any) -> None:
    events = (
        user("prp", "alternatives/prp"),
        bot("alternatives/prp"),
        user("not helpful", "feedback/not_helpful"),
    )
    spoken = await run(RecordFeedback(), *events)
    assert [event["event"] for event in spoken.events] == ["followup"]
    reason = user("too vague, mail me at jane@example.com")
    spoken = await run(
        ValidateFeedbackForm(), *events, bot("ask_feedback_reason"), reason, slots=asking("feedback_reason")
    )
    assert spoken.slots == {"feedback_reason": None, "requested_slot": None}
    (row,) = shared_feedback().all()
    assert (row.answer, row.rating, len(row.version)) == ("alternatives/prp", "down", 12)
    assert row.reason == "too vague, mail me at [EMAIL]"


async def test_a_new_question_instead_of_a_reason_is_answered(run: Any) -> None:
    asked = user("how much does prp cost", "alternatives/prp_cost", "answer")
    spoken = await run(
        ValidateFeedbackForm(), bot("alternatives/prp"), asked, slots=asking("feedback_reason")
    )
    assert spoken.said == ["alternatives/prp_cost"]


async def test_no_opinion_is_kept_on_a_safety_answer(run: Any) -> None:
    events = (user("…"), bot("safety/self_harm"), user("thumbs down", "feedback/not_helpful"))
    await run(RecordFeedback(), *events)
    assert shared_feedback().all() == []
