"""Which answer a question means: kernel ridge classes joined with nearest phrase and class centre.

The classes are fitted on K = exp((k - 1) / WIDTH), a Gaussian-like kernel over the phrase kernel k: (K + L I) A = Y is
solved once (Rifkin & Klautau 2004, one-vs-all least squares; L = RIDGE), which also gives every out-of-fold prediction
in closed form: leaving the rows H out, f(H) = Y(H) - inv(C(H, H)) (C Y)(H) with C = inv(K + L I). So the calibration
sees each phrase as an unseen question, and each key as an unknown one, without a second fit.

WIDTH, RIDGE and the temperatures were chosen by out-of-fold accuracy on this project's own phrases.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.linalg import cholesky, lapack

from hair_answers.nlu.encoder import FloatArray

WIDTH = 0.5
RIDGE = 0.3
CLASS_TEMPERATURE = 0.07  # of the softmax over ridge outputs
BLEND_TEMPERATURE = 0.3  # of the softmax over blends
FOLDS = 10
NEAREST_SHARE = 0.5  # nearest phrase against class centre in the blend

IntArray = npt.NDArray[np.int64]


def softmax(values: FloatArray, temperature: float) -> FloatArray:
    """Softmax over the last axis; minus infinity stays 0."""
    shifted = (values - values.max(axis=-1, keepdims=True)) / temperature
    exponentials = np.exp(shifted)
    return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True), dtype=np.float32)


def _widen(similarities: FloatArray) -> FloatArray:
    """Return the ridge kernel of phrase similarities, in (0, 1]."""
    return np.exp((similarities - 1.0) / WIDTH)


def _inverse(gram: FloatArray) -> FloatArray:
    """Return inv(gram + RIDGE I) through its Cholesky factor; the ridge makes single precision enough."""
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
        inverse = _inverse(_widen(gram))
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
        return Scores.of(_widen(rows) @ self.weights + self.bias, nearest, centre)

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
        return self.labels, self._collect([(np.sort(fold), None) for fold in np.array_split(order, FOLDS)])

    def unknown_keys(self, near: npt.NDArray[np.bool_]) -> Scores:
        """Return the scores of all phrases, each left out with its key and that key's neighbours."""
        folds: list[tuple[IntArray, IntArray | None]] = []
        for key in range(len(self.classifier.keys)):
            hidden = np.flatnonzero(near[key])
            folds.append((np.flatnonzero(np.isin(self.labels, hidden)), hidden))
        own = [np.flatnonzero(self.labels == key) for key in range(len(folds))]
        return self._collect(folds, own)

    def _collect(
        self, folds: list[tuple[IntArray, IntArray | None]], kept: list[IntArray] | None = None
    ) -> Scores:
        """Score fold by fold and put the rows back in the order of the phrases; `kept` limits a fold's rows."""
        wanted = kept or [fold for fold, _ in folds]
        parts = [
            self._held_out(fold, hidden, rows) for (fold, hidden), rows in zip(folds, wanted, strict=True)
        ]
        order = np.argsort(np.concatenate(wanted), kind="stable")
        joined = (np.concatenate(part)[order] for part in zip(*map(_parts, parts), strict=True))
        return Scores(*joined)

    def _held_out(self, fold: IntArray, hidden: IntArray | None, rows: IntArray) -> Scores:
        """Score `rows` of `fold` as if no phrase of the fold had been there, nor any of the `hidden` keys."""
        block = self.inverse[np.ix_(fold, fold)]
        places = np.searchsorted(fold, rows)
        outputs = self.targets[rows] - np.linalg.solve(block, self.weights[fold])[places]
        similar = self.gram[rows].copy()
        similar[:, fold] = -1.0
        nearest = np.maximum.reduceat(similar, self.classifier.starts, axis=1)
        similar[:, fold] = 0.0
        kept = self.targets.sum(axis=0) - self.targets[fold].sum(axis=0)
        sums = np.add.reduceat(similar, self.classifier.starts, axis=1)
        centre = sums / np.maximum(kept, 1) / self.classifier.centre_norms
        if hidden is not None:
            outputs[:, hidden] = -np.inf
            nearest[:, hidden] = centre[:, hidden] = -1.0
        return Scores.of(outputs, nearest, centre)


def _parts(scores: Scores) -> Iterator[FloatArray]:
    return iter((scores.joint, scores.probability, scores.blend))
