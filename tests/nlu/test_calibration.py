"""The probability of being right, the thresholds that follow from it, and the error that is reported."""

import json

import numpy as np
import pytest

from hair_answers.nlu import calibration
from hair_answers.nlu.answer_classifier import AnswerClassifier, Scores
from hair_answers.nlu.calibration import Calibration, expected_calibration_error


@pytest.fixture(scope="module")
def out_of_fold():
    rng = np.random.default_rng(11)
    labels = np.repeat(np.arange(12), 15)
    points = np.eye(12, 24)[labels] + rng.normal(0, 0.22, (len(labels), 24))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    keys = [f"topic/{number:02}" for number in range(12)]
    _, predictions = AnswerClassifier.fit(keys, labels, (points @ points.T).astype(np.float32))
    return predictions


@pytest.fixture(scope="module")
def fitted(out_of_fold):
    return calibration.calibrate(out_of_fold, np.ones(12, bool), np.eye(12, dtype=bool))


def scores_of(probability, blend):
    """Two keys, the first one winning."""
    both = np.array([[probability, 1 - probability]], np.float32)
    return Scores(both, both, np.array([[blend, 0.0]], np.float32))


def test_probability_rises_with_likelihood_and_likeness(fitted):
    near = np.eye(2, dtype=bool)
    sure = fitted.probability(scores_of(0.95, 0.9), near)[0]
    unlike = fitted.probability(scores_of(0.95, 0.3), near)[0]
    torn = fitted.probability(scores_of(0.55, 0.9), near)[0]
    assert 0 < unlike < torn < sure < 1


def test_a_neighbour_makes_a_torn_winner_sure(fitted):
    apart, near = np.eye(2, dtype=bool), np.ones((2, 2), bool)
    torn = scores_of(0.55, 0.9)
    assert fitted.probability(torn, near)[0] > fitted.probability(torn, apart)[0]


def test_thresholds_hold_what_they_promise(fitted, out_of_fold):
    labels, seen = out_of_fold.unseen_phrases()
    near = np.eye(12, dtype=bool)
    probability = fitted.probability(seen, near)
    wrong = seen.joint.argmax(axis=1) != labels
    assert 0 < fitted.offer_from <= fitted.answer_from < 1
    assert (wrong & (probability >= fitted.answer_from)).mean() <= calibration.WRONG_ANSWERS_AT_MOST
    just_below = fitted.answer_from - 0.01
    if just_below >= calibration.GRID[0]:
        assert (wrong & (probability >= just_below - 1e-6)).mean() > calibration.WRONG_ANSWERS_AT_MOST


@pytest.mark.parametrize(
    ("confidence", "decision"),
    [(0.9, "answer"), (0.6, "answer"), (0.59, "offer"), (0.2, "offer"), (0.19, "abstain")],
)
def test_decision(confidence, decision):
    assert Calibration((1.0, 1.0), 0.0, 0.6, 0.2, {}).decision(confidence) == decision


def test_reported_error_is_small_on_separable_data(fitted):
    assert fitted.report["expected_calibration_error"] < 0.06
    assert fitted.report["phrases"] == 180


def test_expected_calibration_error():
    said = np.array([0.85, 0.85, 0.25, 0.25], np.float32)
    right = np.array([True, True, False, False])
    even = np.ones(4, np.float32)
    assert expected_calibration_error(said, right, even) == pytest.approx((0.15 + 0.25) / 2, abs=1e-6)
    assert expected_calibration_error(np.ones(2, np.float32), np.ones(2, bool), even[:2]) == 0


def test_calibration_survives_its_file(fitted, tmp_path):
    fitted.save(tmp_path)
    assert Calibration.load(tmp_path) == fitted
    assert json.loads((tmp_path / "calibration.json").read_text())["answer_from"] == fitted.answer_from
