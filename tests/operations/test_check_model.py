"""`make check-model` shows keys, phrases, thresholds and what calibration measured."""

import pytest

from hair_answers.nlu import calibration
from hair_answers.operations import check_model
from hair_answers.operations.training import MODEL, ROOT


@pytest.mark.server
def test_the_report_of_the_trained_model(bot):
    """`bot` has trained the model."""
    matcher = check_model.read_matcher(ROOT / MODEL)
    share = f"{calibration.WRONG_ANSWERS_AT_MOST:.0%}"
    report = "\n".join(check_model.report(matcher))
    assert f"{len(matcher.keys)}, with {len(matcher.phrases)} phrases" in report
    assert (
        f"from a probability of {matcher.calibration.answer_from:.2f}: at most {share} wrong answers"
        in report
    )
    assert f"from {matcher.calibration.offer_from:.2f}" in report
    for meaning in check_model.MEANING.values():
        assert meaning in report
