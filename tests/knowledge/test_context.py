"""The context is the answers of the last turns: read from events, faded by time and by a change of subject."""

from __future__ import annotations

from hair_answers.knowledge.context import FADES_AFTER, Context, Turn, read_context


def user(*keys: str) -> dict:
    return {"event": "user", "text": "…", "parse_data": {"answer_ranking": [{"key": key} for key in keys]}}


def bot(answer: str | list[str], **metadata: object) -> dict:
    return {"event": "bot", "text": "…", "metadata": {"metadata": {"answer": answer, **metadata}}}


def context_of(*events: dict) -> Context:
    """The context before a new message, from events in the order they happened."""
    return read_context(reversed([*events, user()]))


def test_the_focus_is_the_last_answer() -> None:
    context = context_of(user("alternatives/prp"), bot("alternatives/prp"), user(), bot("cost/price"))
    assert context.focus == "cost/price"
    assert context.recent == ("cost/price", "alternatives/prp")


def test_the_message_being_answered_is_not_part_of_it() -> None:
    assert read_context([bot("cost/price"), user("cost/price")]).focus is None


def test_small_talk_and_misses_change_nothing() -> None:
    context = context_of(
        user(), bot("alternatives/prp"), user(), bot("small_talk/thanks"), user(), bot("fallback/rephrase")
    )
    assert context.focus == "alternatives/prp"


def test_the_focus_fades_after_some_turns() -> None:
    chatter = [event for _ in range(FADES_AFTER) for event in (user(), bot("small_talk/ok"))]
    assert context_of(user(), bot("alternatives/prp"), *chatter[2:]).focus == "alternatives/prp"
    assert context_of(user(), bot("alternatives/prp"), *chatter).focus is None


def test_a_change_of_subject_ends_the_focus() -> None:
    for ending in ("follow_up/something_else", "out_of_scope/far", "safety/emergency_after_procedure"):
        assert context_of(user(), bot("alternatives/prp"), user(), bot(ending)).focus is None


def test_a_new_session_ends_the_focus() -> None:
    events = [user(), bot("alternatives/prp"), {"event": "session_started"}, user(), bot("small_talk/greet")]
    assert context_of(*events).focus is None


def test_a_safety_answer_can_be_repeated_but_is_no_subject() -> None:
    context = context_of(user(), bot("safety/blood_thinners"))
    assert context.spoken == ("safety/blood_thinners",)
    assert context.recent == ()


def test_the_lead_in_of_several_answers_is_not_counted_twice() -> None:
    context = context_of(
        user(), bot(["cost/price", "procedure/pain"], lead_in=True), bot("cost/price"), bot("procedure/pain")
    )
    assert context.last.answers == ("cost/price", "procedure/pain")
    assert context.focus == "procedure/pain"


def test_the_subject_asked_about_outlives_the_nearest_answer() -> None:
    context = context_of(
        user(), bot("cost/price", lead_in=True, subject="alopecia_areata"), bot("cost/price")
    )
    assert context.subject == "alopecia_areata"
    assert context.after("alternatives/prp").subject is None


def test_offers_and_parts_are_kept() -> None:
    context = context_of(
        user("a/b", "c/d"), bot("fallback/did_you_mean", candidates=["a/b", "c/d"], part="more")
    )
    assert context.last == Turn(("a/b", "c/d"), ("fallback/did_you_mean",), ("a/b", "c/d"), "", ("more",))
