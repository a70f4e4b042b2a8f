"""What the gate learned by example: how strongly a message speaks for each safety answer.

One support vector machine a key, over one kernel of meaning and spelling:

    k(x, y) = 1/2 ((1 + a·b) / 2)² + 1/4 w(x)·w(y) + 1/4 c(x)·c(y)

a, b: the sentence embeddings' first 128 principal parts, of mean length 1; w: TF-IDF of words and word pairs; c: of 2
to 5 letters. Every part has finite features, so what the machines learned is folded into weights: a message costs the
same however many phrases taught it. `python -m benchmarks.safety_kernel` compares it with the embedding alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.feature_extraction.text import TfidfVectorizer

from hair_answers.nlu import ngrams, text_cleaner
from hair_answers.nlu.embedding_cache import EmbeddingCache
from hair_answers.nlu.encoder import FloatArray, shared_encoder
from hair_answers.nlu.safety_phrases import SafetyPhrases
from hair_answers.nlu.safety_text import SafetyText

CACHE = Path(".rasa") / "embeddings-safety.npz"
PARTS = 128  # principal parts of an embedding
MEANING, WORDS, CHARACTERS = 0.5, 0.25, 0.25  # shares of the kernel
STRENGTH = 3.0  # inverse regularisation (C)
HARDEST = 6500  # harmless examples that sound most like need; the others would teach nothing
SETTINGS: dict[str, dict[str, Any]] = {
    "words": {"analyzer": "word", "ngram_range": (1, 2), "token_pattern": r"(?u)\b\w+\b"},
    "characters": {"analyzer": "char_wb", "ngram_range": (2, 5)},
}
RAREST = {"words": 3, "characters": 5}  # phrases a term must stand in
SHORTEST = 3  # words of a sentence that is read by itself
BLOCK = 1000  # rows of the kernel made at once
HARMLESS = ""
ARRAYS = ("biases", "mean", "axes", "lines", "squares")

Matrix = npt.NDArray[np.float64]
Labels = npt.NDArray[np.str_]
Places = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Strengths:
    """How strongly a text speaks for each key: 0 is the border, 1 as clear as a phrase that taught it."""

    by_key: dict[str, float]
    sentence: int | None  # its number, or None for the whole message


@dataclass
class SafetySense:
    """The learned weights of each key over the features of a text."""

    keys: list[str]
    biases: FloatArray  # (keys,)
    mean: FloatArray  # (384,)
    axes: FloatArray  # (384, PARTS), scaled to a mean length of 1
    lines: FloatArray  # (keys, PARTS)
    squares: FloatArray  # (keys, PARTS * PARTS)
    vectorizers: dict[str, TfidfVectorizer]
    columns: dict[str, FloatArray]  # of words and characters, (terms, keys)

    def __post_init__(self) -> None:
        self._readers = {
            part: ngrams.reader(self.vectorizers[part], self.columns[part]) for part in self.columns
        }

    @classmethod
    def fit(cls, phrases: SafetyPhrases, curated: Sequence[tuple[str, str]]) -> SafetySense:
        """Learn from the phrases, and from the curated (key, phrase) pairs: a safety answer's are in need too."""
        texts, labels, vectors = _examples(phrases, curated)
        fitted = {part: ngrams.vectorizer({**SETTINGS[part], "min_df": RAREST[part]}) for part in SETTINGS}
        terms = {part: fitted[part].fit_transform(texts) for part in fitted}
        taught = _instructive(vectors, terms, labels != HARMLESS)
        labels, vectors = labels[taught], vectors[taught]
        terms = {part: rows[taught] for part, rows in terms.items()}
        mean = vectors.mean(axis=0)
        _, _, axes = np.linalg.svd(vectors - mean, full_matrices=False)
        axes = axes[:PARTS].T
        axes /= np.sqrt(np.square((vectors - mean) @ axes).sum(axis=1).mean())
        parts = (vectors - mean) @ axes
        keys = sorted(set(labels.tolist()) - {HARMLESS})
        duals, biases = _machines(_gram(parts, terms), labels, keys)
        return cls(
            keys,
            (biases + MEANING / 4 * duals.sum(axis=1)).astype(np.float32),
            mean,
            axes,
            (MEANING / 2 * duals @ parts).astype(np.float32),
            np.stack([(MEANING / 4 * (parts.T * dual) @ parts).ravel() for dual in duals]).astype(np.float32),
            fitted,
            {
                part: np.asarray(share * (duals @ terms[part])).T.astype(np.float32)
                for part, share in (("words", WORDS), ("characters", CHARACTERS))
            },
        )

    def save(self, folder: Path) -> None:
        """Write what was learned without pickle; the terms' weights in half precision."""
        np.savez(
            folder / "sense.npz",
            keys=np.array(self.keys),
            **{name: getattr(self, name) for name in ARRAYS},
            **{f"{part}_columns": self.columns[part].astype(np.float16) for part in self.columns},
            **{f"{part}_rarity": self.vectorizers[part].idf_ for part in self.columns},
        )
        vocabularies = {part: ngrams.vocabulary_of(fitted) for part, fitted in self.vectorizers.items()}
        (folder / "sense_terms.json").write_text(json.dumps(vocabularies), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> SafetySense:
        """Read what `save` wrote."""
        vocabularies = json.loads((folder / "sense_terms.json").read_text(encoding="utf-8"))
        with np.load(folder / "sense.npz", allow_pickle=False) as stored:
            fitted = {part: ngrams.vectorizer(SETTINGS[part], vocabularies[part]) for part in SETTINGS}
            for part, one in fitted.items():
                one.idf_ = stored[f"{part}_rarity"]
            arrays = {name: stored[name] for name in ARRAYS}
            columns = {part: stored[f"{part}_columns"].astype(np.float32) for part in SETTINGS}
            return cls(keys=stored["keys"].tolist(), vectorizers=fitted, columns=columns, **arrays)

    def read(self, message: str, text: SafetyText) -> list[Strengths]:
        """Return the strengths of the message as typed, and of its sentences when it has several or has slips."""
        return [
            Strengths(
                dict(zip(self.keys, self.strengths(said).tolist(), strict=True)),
                sentence,
            )
            for sentence, said in _units(message, text)
        ]

    def strengths(self, text: str) -> FloatArray:
        """Return how strongly a cleaned text speaks for each key, shape (keys,)."""
        parts = (shared_encoder().recall(text) - self.mean) @ self.axes
        meaning = self.biases + self.lines @ parts + self.squares @ np.outer(parts, parts).ravel()
        return np.asarray(meaning + sum(read(text) for read in self._readers.values()), dtype=np.float32)


def _units(message: str, text: SafetyText) -> Iterator[tuple[int | None, str]]:
    """Yield what is read by itself, cleaned: the message, and its sentences as they were typed."""
    if len(message.split()) > 1:  # one word alone is for the signs: "yes" answers what the bot asked
        yield None, text_cleaner.clean(message)
    if len(text.sentences) > 1 or text.has_slips:
        for i, said in enumerate(text.sentences):
            if len(said.split()) >= SHORTEST:
                yield i, text_cleaner.clean(said)


def _examples(
    phrases: SafetyPhrases, curated: Sequence[tuple[str, str]]
) -> tuple[list[str], Labels, FloatArray]:
    """Return texts, their keys (or HARMLESS) and embeddings, shape (n, 384)."""
    known = {key for key, _ in phrases.needing}
    own = {text_cleaner.clean(said): key for key, said in phrases.needing}
    own |= {text_cleaner.clean(said): HARMLESS for said in phrases.harmless}
    asked = {text_cleaner.clean(said): key if key in known else HARMLESS for key, said in curated}
    asked = {said: key for said, key in asked.items() if said not in own}
    vectors = [EmbeddingCache(CACHE).encode(list(own))]
    if asked:
        vectors.append(EmbeddingCache.default().encode(list(asked)))
    return [*own, *asked], np.array([*own.values(), *asked.values()]), np.vstack(vectors)


def _instructive(vectors: FloatArray, terms: dict[str, Any], in_need: npt.NDArray[np.bool_]) -> Places:
    """Return the rows to learn from: all in need, and the harmless ones that a linear machine takes for it the most."""
    from sklearn.svm import LinearSVC

    rows = sp.hstack([sp.csr_matrix(vectors), *terms.values()], format="csr")
    sounds = (
        LinearSVC(C=0.5, dual=True, max_iter=200, random_state=0).fit(rows, in_need).decision_function(rows)
    )
    harmless = np.flatnonzero(~in_need)
    hardest = harmless[np.argsort(-sounds[harmless], kind="stable")[:HARDEST]]
    return np.sort(np.concatenate([np.flatnonzero(in_need), hardest]))


def _gram(parts: FloatArray, terms: dict[str, Any]) -> Matrix:
    """Return the kernel of all examples, shape (n, n), a block of rows at a time: no second matrix of that size."""
    gram = np.empty((len(parts), len(parts)))
    for start in range(0, len(parts), BLOCK):
        rows = slice(start, start + BLOCK)
        gram[rows] = MEANING / 4 * np.square(1 + parts[rows] @ parts.T)
        gram[rows] += WORDS * (terms["words"][rows] @ terms["words"].T).toarray()
        gram[rows] += CHARACTERS * (terms["characters"][rows] @ terms["characters"].T).toarray()
    return gram


def _machines(gram: Matrix, labels: Labels, keys: list[str]) -> tuple[Matrix, Matrix]:
    """Return the machines' dual weights, shape (keys, n), and biases, shape (keys,)."""
    from sklearn.svm import SVC

    duals, biases = np.zeros((len(keys), len(gram))), np.zeros(len(keys))
    for i, key in enumerate(keys):
        machine = SVC(C=STRENGTH, kernel="precomputed").fit(gram, labels == key)
        duals[i, machine.support_], biases[i] = machine.dual_coef_[0], machine.intercept_[0]
    return duals, biases
