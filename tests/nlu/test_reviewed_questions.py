"""What a clinic taught the bot with `make review` stays learnt."""

from pathlib import Path

import pytest
import yaml

from benchmarks.sources import trained_matcher

CASES = yaml.safe_load((Path(__file__).parent / "reviewed_questions.yml").read_text(encoding="utf-8"))


@pytest.mark.server
@pytest.mark.parametrize(("question", "key"), CASES.items())
def test_a_reviewed_question_reaches_its_answer(question, key):
    assert trained_matcher().match(question).key == key
