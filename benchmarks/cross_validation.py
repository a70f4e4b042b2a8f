"""Our own phrases, each asked as if it had never been seen: `python -m benchmarks.cross_validation`.

Closed-form out-of-fold predictions of the trained model's classes (see `answer_classifier`): every phrase left out with
a tenth of the others (unseen questions), and every key left out with the answers that serve it (unknown questions).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import f1_score

from benchmarks.sources import trained_matcher
from hair_answers.nlu.answer_classifier import AnswerClassifier
from hair_answers.nlu.calibration import OFFERED, OUT_OF_SCOPE_SHARE, Calibration, expected_calibration_error
from hair_answers.nlu.encoder import FloatArray
from hair_answers.nlu.matcher import CONTROL_TOPICS, Matcher
from hair_answers.nlu.phrase_kernel import PhraseKernel

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]
LOWEST_SHARE = 0.005  # of risk–coverage points: fewer answered questions say nothing


@dataclass(frozen=True)
class CrossValidation:
    """What became of n unseen phrases and of the same n as unknown questions."""

    keys: list[str]
    labels: IntArray  # (n,) index of the true key
    winners: IntArray  # (n,) index of the key that came first
    near: BoolArray  # (keys, keys) answers that serve each other's questions
    listed: BoolArray  # (n,) a serving answer is among the three offered
    probability: FloatArray  # (n,) said of the winner
    unknown_winners: IntArray
    unknown_probability: FloatArray
    answer_from: float
    offer_from: float

    @property
    def in_scope(self) -> BoolArray:
        """Phrases that a curated answer exists for, shape (n,)."""
        return np.array([key.partition("/")[0] not in CONTROL_TOPICS for key in self.keys])[self.labels]

    @property
    def right(self) -> BoolArray:
        """Whose own answer came first, shape (n,)."""
        return np.asarray(self.winners == self.labels)

    @property
    def served(self) -> BoolArray:
        """Whose own answer, or one that serves it, came first, shape (n,)."""
        return np.asarray(self.near[self.labels, self.winners])

    @property
    def unknown_not_answered(self) -> float:
        """Share of the unknown questions that no curated answer was given to."""
        control = np.array([key.partition("/")[0] in CONTROL_TOPICS for key in self.keys])
        quiet = (self.unknown_probability < self.answer_from) | control[self.unknown_winners]
        return float(quiet[self.in_scope].mean())

    @property
    def calibration_error(self) -> float:
        """Expected calibration error over unseen and unknown questions, weighted as in training."""
        n = len(self.labels)
        said = np.concatenate([self.probability, self.unknown_probability])
        right = np.concatenate([self.served, np.zeros(n, bool)])
        weight = np.repeat([1.0, OUT_OF_SCOPE_SHARE / (1 - OUT_OF_SCOPE_SHARE)], n).astype(np.float32)
        return expected_calibration_error(said, right, weight)

    def topics(self) -> dict[str, tuple[float, int]]:
        """Return each topic's F1 and number of phrases, by topic."""
        names = np.array([key.partition("/")[0] for key in self.keys])
        true, guess = names[self.labels], names[self.winners]
        order = sorted(set(names.tolist()))
        scores = f1_score(true, guess, labels=order, average=None, zero_division=0)
        return {name: (float(f1), int((true == name).sum())) for name, f1 in zip(order, scores, strict=True)}

    def risk_coverage(self) -> tuple[FloatArray, FloatArray]:
        """Return (share answered, share of the answered that is wrong) of in-scope questions, surest first."""
        order = np.argsort(-self.probability[self.in_scope])
        wrong = ~self.served[self.in_scope][order]
        count = np.arange(1, len(wrong) + 1)
        kept = count >= LOWEST_SHARE * len(wrong)
        return (count / len(wrong))[kept], (np.cumsum(wrong) / count)[kept]

    def confusions(self, count: int) -> list[tuple[str, str, int]]:
        """Return the pairs of keys that are most often taken for one another and serve each other badly."""
        bad = ~self.served
        pairs: Counter[tuple[int, int]] = Counter()
        for true, guess in zip(self.labels[bad].tolist(), self.winners[bad].tolist(), strict=True):
            pairs[min(true, guess), max(true, guess)] += 1
        return [(self.keys[a], self.keys[b], number) for (a, b), number in pairs.most_common(count)]


def _half(phrase: str) -> bool:
    """Choose half of the phrases by their own digest: a new phrase moves no other."""
    return hashlib.sha256(phrase.encode()).digest()[0] < 128


def cross_validate(matcher: Matcher, half: bool = False) -> CrossValidation:
    """Predict every phrase of a trained matcher out of fold; `half` takes half of them and an eighth of the time."""
    labels = np.repeat(np.arange(len(matcher.keys)), matcher.classifier.counts)
    kept = np.array([not half or _half(phrase) for phrase in matcher.phrases])
    # A key must keep two phrases to have an unseen one.
    few = np.bincount(labels[kept], minlength=len(matcher.keys)) < 2
    kept |= few[labels]
    phrases = [phrase for phrase, keep in zip(matcher.phrases, kept, strict=True) if keep]
    labels = labels[kept]
    gram = PhraseKernel.fit(phrases, matcher.kernel.embeddings[kept]).gram()
    _, out_of_fold = AnswerClassifier.fit(matcher.keys, labels, gram)
    _, seen = out_of_fold.unseen_phrases()
    unknown = out_of_fold.unknown_keys(matcher.near)
    calibration: Calibration = matcher.calibration
    offered = np.argsort(-seen.joint, axis=1)[:, :OFFERED]
    return CrossValidation(
        matcher.keys,
        labels,
        seen.joint.argmax(axis=1),
        matcher.near,
        matcher.near[labels[:, None], offered].any(axis=1),
        calibration.probability(seen, matcher.near),
        unknown.joint.argmax(axis=1),
        calibration.probability(unknown, matcher.near),
        calibration.answer_from,
        calibration.offer_from,
    )


def topic_table(found: CrossValidation) -> list[str]:
    """Return F1 by topic as Markdown rows."""
    rows = ["| topic | phrases | F1 |", "|---|---|---|"]
    return rows + [f"| {name} | {count} | {f1:.3f} |" for name, (f1, count) in found.topics().items()]


def summary(found: CrossValidation) -> dict[str, float]:
    """Return the figures of the whole, as shares."""
    asked = found.in_scope
    sure = found.probability >= found.answer_from
    return {
        "own answer first": float(found.right[asked].mean()),
        "own or a serving answer first": float(found.served[asked].mean()),
        "a serving answer among the three offered": float(found.listed[asked].mean()),
        "answered outright": float(sure[asked].mean()),
        "answered outright and wrong": float((sure & ~found.served)[asked].mean()),
        "unknown questions not answered": found.unknown_not_answered,
        "expected calibration error": found.calibration_error,
    }


def summary_table(found: CrossValidation) -> list[str]:
    """Return the figures of the whole as Markdown rows."""
    rows = ["| measure | share |", "|---|---|"]
    return rows + [f"| {name} | {value:.3f} |" for name, value in summary(found).items()]


def main() -> None:
    """Print both tables."""
    found = cross_validate(trained_matcher())
    print("\n".join([*summary_table(found), "", *topic_table(found)]))


if __name__ == "__main__":
    main()
