"""From a score to a probability of being right, and from that to three decisions.

Platt scaling (Platt 1999) over four views of the winning key, fitted on out-of-fold predictions: phrases held out by
tenths (right or wrong) and whole keys held out (always wrong: pseudo out-of-scope), weighted to OUT_OF_SCOPE_SHARE.
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

OUT_OF_SCOPE_SHARE = 0.15  # of all messages: an assumption, the same in every calibration
WRONG_ANSWERS_AT_MOST = 0.05  # of in-scope questions: sets the answer threshold
MISSED_OFFERS_AT_MOST = 0.02  # of in-scope questions whose right key the abstain threshold may hide
OFFERED = 3  # candidates in a did-you-mean


def views(scores: Scores) -> FloatArray:
    """Return the winning key's four views, shape (m, 4): log P, blend, log lead over the second, P."""
    order = np.argsort(-scores.joint, axis=1)[:, :2]
    rows = np.arange(len(order))
    top, second = order[:, 0], order[:, 1]
    probability = np.clip(scores.probability[rows, top], 1e-6, 1.0)
    lead = np.log(np.clip(scores.joint[rows, top], 1e-9, None)) - np.log(
        np.clip(scores.joint[rows, second], 1e-9, None)
    )
    return np.stack(
        [np.log(probability), scores.blend[rows, top], np.clip(lead, 0.0, 5.0), probability], axis=1
    ).astype(np.float32)


@dataclass(frozen=True)
class Calibration:
    """Fitted weights, the two thresholds and how they were reached."""

    coefficients: tuple[float, ...]
    intercept: float
    answer_from: float
    offer_from: float
    report: dict[str, float]

    def probability(self, scores: Scores) -> FloatArray:
        """Return the probability that the winning key is right, shape (m,)."""
        logits = views(scores) @ np.array(self.coefficients, np.float32) + self.intercept
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


def calibrate(out_of_fold: OutOfFold, in_scope: npt.NDArray[np.bool_]) -> Calibration:
    """Fit on training phrases only; `in_scope` marks the keys that are answers, shape (keys,)."""
    labels, seen = out_of_fold.unseen_phrases()
    hidden_labels, hidden = out_of_fold.unknown_keys()
    right = np.concatenate([seen.joint.argmax(axis=1) == labels, np.zeros(len(hidden_labels), bool)])
    features = np.concatenate([views(seen), views(hidden)])
    share = OUT_OF_SCOPE_SHARE / (1 - OUT_OF_SCOPE_SHARE)
    weight = np.concatenate(
        [np.ones(len(labels)), np.full(len(hidden_labels), share * len(labels) / len(hidden_labels))]
    )
    model = LogisticRegression(C=1.0, max_iter=1000).fit(features, right, sample_weight=weight)
    fitted = Calibration(tuple(map(float, model.coef_[0])), float(model.intercept_[0]), 0.0, 0.0, {})
    probability = np.concatenate([fitted.probability(seen), fitted.probability(hidden)])
    answer_from, offer_from = _thresholds(fitted.probability(seen), labels, seen, in_scope)
    report = {
        "phrases": float(len(labels)),
        "right_out_of_fold": float(right[: len(labels)].mean()),
        "expected_calibration_error": expected_calibration_error(probability, right, weight),
        "answered_in_scope": float((fitted.probability(seen) >= answer_from)[in_scope[labels]].mean()),
        "unknown_keys_not_answered": float((fitted.probability(hidden) < answer_from).mean()),
    }
    return Calibration(fitted.coefficients, fitted.intercept, answer_from, offer_from, report)


def _thresholds(
    probability: FloatArray, labels: npt.NDArray[np.int64], scores: Scores, in_scope: npt.NDArray[np.bool_]
) -> tuple[float, float]:
    """Return the lowest answer threshold within WRONG_ANSWERS_AT_MOST, and the highest offer threshold within
    MISSED_OFFERS_AT_MOST, both over in-scope phrases."""
    asked = in_scope[labels]
    winner = scores.joint.argmax(axis=1)
    wrong = asked & (winner != labels)
    grid = np.arange(0.05, 0.95, 0.01)
    answer_from = next(
        (g for g in grid if (wrong & (probability >= g)).sum() <= WRONG_ANSWERS_AT_MOST * asked.sum()), grid[-1]
    )
    listed = (np.argsort(-scores.joint, axis=1)[:, :OFFERED] == labels[:, None]).any(axis=1) & asked
    hidden = [(g, (listed & (probability < g)).sum() <= MISSED_OFFERS_AT_MOST * asked.sum()) for g in grid]
    offer_from = max((g for g, fits in hidden if fits), default=grid[0])
    return round(float(answer_from), 2), round(float(min(offer_from, answer_from)), 2)
