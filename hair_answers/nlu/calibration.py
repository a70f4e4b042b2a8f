"""From a score to a probability of being right, and from that to three decisions.

Right means: the winning answer is the question's own, or a neighbour that serves it (see `neighbours`). The winner's
score is sqrt(probability of its neighbourhood) times its blend; beta calibration (Kull, Silva Filho & Flach 2017) turns
it into a probability. It is fitted on out-of-fold predictions: phrases held out by tenths (right or wrong) and whole
neighbourhoods held out (always wrong: pseudo out-of-scope), weighted to OUT_OF_SCOPE_SHARE of all messages.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from hair_answers.nlu.answer_classifier import OutOfFold, Scores
from hair_answers.nlu.encoder import FloatArray

OUT_OF_SCOPE_SHARE = 0.3  # of all messages: public FAQ bots saw a third and more (HINT3)
FLOOR = 0.01  # scores outside FLOOR to 1 - FLOOR would have no finite logarithm
WRONG_ANSWERS_AT_MOST = 0.06  # of in-scope questions: sets the answer threshold
MISSED_OFFERS_AT_MOST = 0.02  # of in-scope questions whose right key the abstain threshold may hide
OFFERED = 3  # candidates in a did-you-mean


BoolArray = npt.NDArray[np.bool_]


def score(scores: Scores, near: BoolArray) -> FloatArray:
    """Return the winner's score, shape (m,), in FLOOR to 1 - FLOOR: high when it is likely and alike."""
    winner = scores.joint.argmax(axis=1)
    nearby = (scores.probability * near[winner]).sum(axis=1)
    alike = scores.blend[np.arange(len(winner)), winner]
    return np.clip(np.sqrt(nearby) * alike, FLOOR, 1 - FLOOR).astype(np.float32)


def _logarithms(values: FloatArray) -> FloatArray:
    """Return beta calibration's two inputs, shape (m, 2)."""
    return np.stack([np.log(values), -np.log1p(-values)], axis=1)


@dataclass(frozen=True)
class Calibration:
    """Fitted weights, the two thresholds and how they were reached."""

    coefficients: tuple[float, ...]
    intercept: float
    answer_from: float
    offer_from: float
    report: dict[str, float]

    def probability(self, scores: Scores, near: BoolArray) -> FloatArray:
        """Return the probability that the winning answer is right, shape (m,)."""
        inputs = _logarithms(score(scores, near))
        logits = inputs @ np.array(self.coefficients, np.float32) + self.intercept
        return np.asarray(1 / (1 + np.exp(-logits)), dtype=np.float32)

    def decision(self, confidence: float) -> str:
        """Return answer, offer or abstain."""
        if confidence >= self.answer_from:
            return "answer"
        return "offer" if confidence >= self.offer_from else "abstain"

    def save(self, folder: Path) -> None:
        """Write calibration.json."""
        (folder / "calibration.json").write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Calibration:
        """Read what `save` wrote."""
        data: dict[str, Any] = json.loads((folder / "calibration.json").read_text(encoding="utf-8"))
        return cls(**{**data, "coefficients": tuple(data["coefficients"])})


def expected_calibration_error(
    probability: FloatArray, right: npt.NDArray[np.bool_], weight: FloatArray, bins: int = 10
) -> float:
    """Return the weighted mean gap between said and seen probability over ten equal bins (Naeini 2015)."""
    places = np.minimum((probability * bins).astype(int), bins - 1)
    gap = 0.0
    for place in range(bins):
        inside = places == place
        if inside.any():
            said = np.average(probability[inside], weights=weight[inside])
            seen = np.average(right[inside], weights=weight[inside])
            gap += abs(said - seen) * weight[inside].sum()
    return float(gap / weight.sum())


def calibrate(out_of_fold: OutOfFold, in_scope: BoolArray, near: BoolArray) -> Calibration:
    """Fit on training phrases only; `in_scope` marks the keys that are answers, `near` their neighbours."""
    labels, seen = out_of_fold.unseen_phrases()
    hidden = out_of_fold.unknown_keys(near)
    winner = seen.joint.argmax(axis=1)
    right = np.concatenate([near[labels, winner], np.zeros(len(labels), bool)])
    inputs = _logarithms(np.concatenate([score(seen, near), score(hidden, near)]))
    share = OUT_OF_SCOPE_SHARE / (1 - OUT_OF_SCOPE_SHARE)
    weight = np.repeat([1.0, share], len(labels))
    model = LogisticRegression(C=1.0, max_iter=1000).fit(inputs, right, sample_weight=weight)
    fitted = Calibration(tuple(map(float, model.coef_[0])), float(model.intercept_[0]), 0.0, 0.0, {})
    known, unknown = fitted.probability(seen, near), fitted.probability(hidden, near)
    asked = in_scope[labels]
    answer_from = _answer_threshold(known[asked], near[labels, winner][asked])
    offer_from = _offer_threshold(known[asked], _listed(seen, labels, near)[asked], answer_from)
    report = {
        "phrases": float(len(labels)),
        "own_answer_first": float((winner == labels)[asked].mean()),
        "serving_answer_first": float(near[labels, winner][asked].mean()),
        "expected_calibration_error": expected_calibration_error(
            np.concatenate([known, unknown]), right, weight
        ),
        "answered": float((known >= answer_from)[asked].mean()),
        "unknown_not_answered": float((unknown < answer_from).mean()),
    }
    return Calibration(fitted.coefficients, fitted.intercept, answer_from, offer_from, report)


GRID = np.arange(0.05, 0.95, 0.01)


def _answer_threshold(probability: FloatArray, right: BoolArray) -> float:
    """Return the lowest threshold from which at most WRONG_ANSWERS_AT_MOST of the questions get a wrong answer."""
    fits = (g for g in GRID if (~right & (probability >= g)).mean() <= WRONG_ANSWERS_AT_MOST)
    return round(float(next(fits, GRID[-1])), 2)


def _offer_threshold(probability: FloatArray, listed: BoolArray, answer_from: float) -> float:
    """Return the highest threshold below which at most MISSED_OFFERS_AT_MOST of the questions lose a good offer."""
    fits = [g for g in GRID if (listed & (probability < g)).mean() <= MISSED_OFFERS_AT_MOST]
    return round(float(min(max(fits, default=GRID[0]), answer_from)), 2)


def _listed(scores: Scores, labels: npt.NDArray[np.int64], near: BoolArray) -> BoolArray:
    """Tell for each question whether a serving answer is among the ones a did-you-mean would offer."""
    offered = np.argsort(-scores.joint, axis=1)[:, :OFFERED]
    return near[labels[:, None], offered].any(axis=1)
