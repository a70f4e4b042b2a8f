"""What stands behind the last answer."""

from __future__ import annotations

import pytest

from hair_answers.knowledge import trust
from hair_answers.knowledge.context import Context, Turn
from hair_answers.knowledge.library import Library
from hair_answers.speech.wording import compose

LIBRARY = Library.default()
AFTER_TAK = Context((Turn(answers=("research/adipose_study",)),))


@pytest.mark.parametrize("kind", sorted(trust.WORDING))
def test_before_any_answer_the_general_answer_is_given(kind: str) -> None:
    (bubble,) = trust.reply(kind, [], Context(), LIBRARY)
    assert bubble.response.removeprefix("utter_") in LIBRARY.answers


def test_sources_are_named_with_grade_and_review() -> None:
    (bubble,) = trust.reply("source", [], AFTER_TAK, LIBRARY)
    message = compose(bubble, LIBRARY, "website")
    answer = LIBRARY.answers["research/adipose_study"]
    assert message["metadata"]["answer"] == answer.key
    for source in LIBRARY.sources_of(answer):
        assert source.title in message["text"]
    assert "early studies" in message["text"]
    assert "{" not in message["text"]


def test_people_in_the_study_of_the_last_answer() -> None:
    (bubble,) = trust.reply("people_in_study", [], AFTER_TAK, LIBRARY)
    assert "38 people" in bubble.values["studies"]


def test_a_named_study_beats_the_last_answer() -> None:
    (bubble,) = trust.reply("people_in_study", [("subject", "kuka_2020")], AFTER_TAK, LIBRARY)
    assert "71 people" in bubble.values["studies"]


def test_no_study_behind_an_answer_is_said() -> None:
    (bubble,) = trust.reply("people_in_study", [], Context((Turn(answers=("causes/traction",)),)), LIBRARY)
    assert bubble.response == "utter_no_study_behind"
