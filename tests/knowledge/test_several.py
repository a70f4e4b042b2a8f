"""Several questions: each answered in order, each knowing the ones before."""

from __future__ import annotations

from hair_answers.knowledge import several
from hair_answers.knowledge.context import Context
from hair_answers.knowledge.library import Library

LIBRARY = Library.default()


def part(
    key: str, text: str = "…", decision: str = "answer", names: tuple = (), candidates: tuple = ()
) -> dict:
    return {
        "key": key,
        "text": text,
        "decision": decision,
        "names": [list(n) for n in names],
        "candidates": list(candidates),
    }


def responses(*parts: dict, names: tuple = ()) -> list[str]:
    return [b.response.removeprefix("utter_") for b in several.reply(parts, list(names), Context(), LIBRARY)]


def test_parts_are_answered_in_order_after_a_lead_in() -> None:
    assert responses(part("follow_up/cost"), part("follow_up/pain")) == [
        "several_lead_in",
        "cost/price",
        "procedure/pain",
    ]


def test_a_later_part_is_about_what_an_earlier_one_named() -> None:
    parts = part("causes/alopecia_areata"), part("follow_up/permanence")
    assert responses(*parts)[1:] == ["causes/alopecia_areata", "causes/alopecia_areata_permanence"]


def test_a_first_part_borrows_the_subject_named_elsewhere() -> None:
    parts = part("follow_up/pain"), part("alternatives/prp_cost", names=(("subject", "prp"),))
    assert responses(*parts, names=(("subject", "prp"),))[1] == "alternatives/prp_pain"


def test_a_part_that_is_not_understood_is_declined_with_its_words() -> None:
    parts = part("cost/price"), part("x/y", "who is the king?", "offer", candidates=("cost/price",))
    _, _, declined = several.reply(parts, [], Context(), LIBRARY)
    assert declined.values["part"] == "who is the king"
    assert declined.chips == ("cost/price",)


def test_one_answer_for_two_parts_is_spoken_once_without_a_lead_in() -> None:
    assert responses(part("cost/price"), part("follow_up/cost")) == ["cost/price"]


def test_out_of_scope_parts_get_their_own_reply() -> None:
    assert responses(part("cost/price"), part("out_of_scope/far"))[-1] == "out_of_scope/far"
