"""What each piece of evidence in the safety gate is worth: `python -m benchmarks.safety_weights`.

Fits a logistic regression to the evidence that hair_answers/nlu/safety_verdict.py weighs, on the tuning set of
tests/safety alone, and prints its weights beside those in force. Out of fold it also prints the recall where 2 % of the
hard negatives are taken over.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict

from benchmarks.safety import MODEL, NEGATIVE, Bot, Row, read_rows, unpacked
from hair_answers.nlu import safety_verdict

NAMES = ("the whole message", "its loudest sentence", "a sign", "a sign of tier 0", "a denied sign")
FALSE_ALARMS = 0.02
FOLDS = 10


def read(bot: Bot, rows: list[Row]) -> npt.NDArray[np.float64]:
    """Return the evidence of each message, shape (rows, 5)."""
    return np.array([safety_verdict.evidence(*bot.heard(row.text)) for row in rows])


def main() -> None:
    """Fit and print."""
    with unpacked(MODEL) as folder:
        bot = Bot(folder)
    rows = read_rows("tuning")
    evidence, needing = read(bot, rows), np.array([row.kind != NEGATIVE for row in rows])
    fitted = LogisticRegression().fit(evidence, needing)
    print(f"{'':24}{'fitted':>8}{'in force':>10}")
    print(f"{'start':24}{fitted.intercept_[0]:8.2f}{safety_verdict.START:10.2f}")
    for name, own, used in zip(NAMES, fitted.coef_[0], safety_verdict.WEIGHTS, strict=True):
        print(f"{name:24}{own:8.2f}{used:10.2f}")
    odds = cross_val_predict(fitted, evidence, needing, cv=FOLDS, method="decision_function")
    border = np.quantile(odds[~needing], 1 - FALSE_ALARMS)
    for kind in ("direct", "indirect"):
        told = odds[[row.kind == kind for row in rows]] > border
        print(
            f"recall where {FALSE_ALARMS:.0%} of the hard negatives are taken over, {kind}: {told.mean():.1%}"
        )


if __name__ == "__main__":
    main()
