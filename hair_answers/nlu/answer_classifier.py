"""Which answer a question means: kernel ridge classes joined with nearest phrase and class centre.

Fitting solves (K + L I) A = Y once (Rifkin & Klautau 2004, one-vs-all least squares; L = RIDGE), which also gives every
out-of-fold prediction in closed form: leaving the rows H out, f(H) = Y(H) - inv(C(H, H)) (C Y)(H) with C = inv(K + L I).
So the calibration sees each phrase as an unseen question, and each key as an unknown one, without a second fit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.linalg import cholesky, lapack

from hair_answers.nlu.encoder import FloatArray

RIDGE = 1.0
CLASS_TEMPERATURE = 0.2  # of the softmax over ridge outputs
BLEND_TEMPERATURE = 0.1  # of the softmax over blends
FOLDS = 10
NEAREST_SHARE = 0.5  # nearest phrase against class centre in the blend

IntArray = npt.NDArray[np.int64]


def softmax(values: FloatArray, temperature: float) -> FloatArray:
    """Softmax over the last axis; minus infinity stays 0."""
    shifted = (values - values.max(axis=-1, keepdims=True)) / temperature
    exponentials = np.exp(shifted)
    return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True), dtype=np.float32)


def _inverse(gram: FloatArray) -> FloatArray:
    """Return inv(gram + RIDGE I) through its Cholesky factor; single precision holds, the ridge bounds the condition."""
    factor = cholesky(gram + RIDGE * np.eye(len(gram), dtype=np.float32), lower=True, overwrite_a=True)
    lower, failed = lapack.spotri(factor, lower=True, overwrite_c=True)
    assert not failed, "a ridge matrix always has an inverse"
    return np.asarray(np.tril(lower) + np.tril(lower, -1).T, dtype=np.float32)


@dataclass(frozen=True)
class Scores:
    """One row a question, one column a key: shape (m, keys)."""

    joint: FloatArray  # ranks the keys
    probability: FloatArray  # of the ridge classes
    blend: FloatArray  # nearest phrase and centre similarity, about -.5 to 1

    @classmethod
    def of(cls, outputs: FloatArray, nearest: FloatArray, centre: FloatArray) -> Scores:
        """Join the three views of the same questions, each of shape (m, keys)."""
        blend = NEAREST_SHARE * nearest + (1 - NEAREST_SHARE) * centre
        probability = softmax(outputs, CLASS_TEMPERATURE)
        joint = probability * np.sqrt(softmax(blend, BLEND_TEMPERATURE))
        return cls(joint, probability, blend)


@dataclass
class AnswerClassifier:
    """Fitted classes over n phrases sorted by key."""

    keys: list[str]
    starts: IntArray  # (keys,) first phrase of each key
    weights: FloatArray  # (n, keys) dual coefficients
    bias: FloatArray  # (keys,)
    centre_norms: FloatArray  # (keys,) length of each class centre in kernel space

    @classmethod
    def fit(cls, keys: list[str], labels: IntArray, gram: FloatArray) -> tuple[AnswerClassifier, OutOfFold]:
        """Fit on phrases sorted by label; `labels` are indices into `keys`, `gram` is (n, n)."""
        targets = np.eye(len(keys), dtype=np.float32)[labels]
        bias = targets.mean(axis=0)
        inverse = _inverse(gram)
        weights = inverse @ (targets - bias)
        starts = np.searchsorted(labels, np.arange(len(keys)))
        counts = targets.sum(axis=0)
        inner = np.einsum("ik,ik->k", targets, gram @ targets)
        classifier = cls(
            keys,
            starts,
            weights.astype(np.float32),
            bias.astype(np.float32),
            (np.sqrt(np.maximum(inner, 1e-9)) / counts).astype(np.float32),
        )
        return classifier, OutOfFold(classifier, labels, gram, inverse, weights, targets)

    @property
    def counts(self) -> IntArray:
        """Phrases a key, shape (keys,)."""
        return np.diff(np.append(self.starts, len(self.weights)))

    def scores(self, similarities: FloatArray) -> Scores:
        """Score questions by their similarities to every phrase, shape (m, n) or (n,)."""
        rows = np.atleast_2d(similarities)
        nearest = np.maximum.reduceat(rows, self.starts, axis=1)
        centre = np.add.reduceat(rows, self.starts, axis=1) / self.counts / self.centre_norms
        return Scores.of(rows @ self.weights + self.bias, nearest, centre)

    def save(self, folder: Path) -> None:
        """Write the arrays without pickle; the keys travel with the phrases."""
        np.savez(
            folder / "classes.npz",
            keys=np.array(self.keys),
            starts=self.starts,
            weights=self.weights,
            bias=self.bias,
            centre_norms=self.centre_norms,
        )

    @classmethod
    def load(cls, folder: Path) -> AnswerClassifier:
        """Read what `save` wrote."""
        arrays = np.load(folder / "classes.npz", allow_pickle=False)
        return cls(
            [str(key) for key in arrays["keys"]],
            *(arrays[name] for name in ("starts", "weights", "bias", "centre_norms")),
        )


@dataclass
class OutOfFold:
    """Predictions for training phrases by a classifier that has not seen them (or not their whole key)."""

    classifier: AnswerClassifier
    labels: IntArray
    gram: FloatArray
    inverse: FloatArray
    weights: FloatArray
    targets: FloatArray

    def unseen_phrases(self, seed: int = 0) -> tuple[IntArray, Scores]:
        """Return the true labels and scores of all phrases, each left out with a tenth of the others."""
        order = np.random.default_rng(seed).permutation(len(self.labels))
        return self._collect(np.array_split(order, FOLDS), hide_own_key=False)

    def unknown_keys(self) -> tuple[IntArray, Scores]:
        """Return the labels and scores of all phrases, each left out with its whole key: out of scope by design."""
        folds = np.split(np.arange(len(self.labels)), self.classifier.starts[1:])
        return self._collect(folds, hide_own_key=True)

    def _collect(self, folds: list[IntArray], hide_own_key: bool) -> tuple[IntArray, Scores]:
        rows, scores = [], []
        for fold in folds:
            rows.append(fold)
            scores.append(self._held_out(np.sort(fold), hide_own_key))
        order = np.concatenate([np.sort(fold) for fold in rows])
        joined = Scores(*(np.concatenate(part) for part in zip(*map(_parts, scores), strict=True)))
        return self.labels[order], joined

    def _held_out(self, fold: IntArray, hide_own_key: bool) -> Scores:
        """Score the phrases of one fold as if none of them had been there."""
        block = self.inverse[np.ix_(fold, fold)]
        outputs = self.targets[fold] - np.linalg.solve(block, self.weights[fold])
        rows = self.gram[fold].copy()
        rows[:, fold] = -1.0
        nearest = np.maximum.reduceat(rows, self.classifier.starts, axis=1)
        rows[:, fold] = 0.0
        kept = self.targets.sum(axis=0) - self.targets[fold].sum(axis=0)
        sums = np.add.reduceat(rows, self.classifier.starts, axis=1)
        centre = sums / np.maximum(kept, 1) / self.classifier.centre_norms
        if hide_own_key:
            own = self.labels[fold[0]]
            outputs[:, own] = -np.inf
            nearest[:, own] = centre[:, own] = -1.0
        return Scores.of(outputs, nearest, centre)


def _parts(scores: Scores) -> Iterator[FloatArray]:
    return iter((scores.joint, scores.probability, scores.blend))
