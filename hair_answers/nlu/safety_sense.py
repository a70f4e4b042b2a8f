"""What the gate learned by example: how strongly a message speaks for each safety answer.

Two questions, learned apart. Is it a message in need? A support vector machine, over a kernel of meaning and spelling:

    k(x, y) = 1/2 ((1 + a·b) / 2)² + 1/4 w(x)·w(y) + 1/4 c(x)·c(y)

a, b: the first 192 principal parts, of mean length 1, of an inner and the last layer of the sentence encoder; w: TF-IDF
of words and word pairs; c: of 2 to 5 letters. Which answer does the need call for? One linear machine an answer,
learned from messages in need alone. What they learned is folded into weights: a message costs the same however many
phrases taught it.
`python -m benchmarks.safety_kernel` compares the ways to learn.
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
from hair_answers.nlu.encoder import DIMENSIONS, FloatArray, shared_encoder
from hair_answers.nlu.safety_phrases import SafetyPhrases
from hair_answers.nlu.safety_text import SafetyText

PARTS = 192  # principal parts of the encoder's layers
MEANING, WORDS, CHARACTERS = 0.5, 0.25, 0.25  # shares of the kernel
STRENGTH, FITTING = 2.0, 0.5  # inverse regularisation (C) of the two questions
EXAMPLES = 16000  # those that letters and words alone tell apart the worst; the others would teach nothing
AWAY = 1.0  # strength that an answer loses a point of fit that another has more
SETTINGS: dict[str, dict[str, Any]] = {
    "words": {"analyzer": "word", "ngram_range": (1, 2), "token_pattern": r"(?u)\b\w+\b"},
    "characters": {"analyzer": "char_wb", "ngram_range": (2, 5)},
}
RAREST = {"words": 3, "characters": 5}  # phrases a term must stand in
SHORTEST = 3  # words of a sentence that is read by itself
BLOCK = 1000  # rows of the kernel made at once
HARMLESS = ""
CERTAIN = 1.0  # strength of a phrase that taught
ARRAYS = ("biases", "mean", "axes", "line", "square", "meaning")

Matrix = npt.NDArray[np.float64]
Labels = npt.NDArray[np.str_]
Places = npt.NDArray[np.intp]
Terms = dict[str, sp.csr_matrix]


@dataclass(frozen=True)
class Strengths:
    """How strongly a text speaks for each key: 0 is the border, 1 as clear as a phrase that taught it."""

    by_key: dict[str, float]
    sentence: int | None  # its number, or None for the whole message

    @property
    def need(self) -> float:
        """Return how strongly it speaks for any of them."""
        return max(self.by_key.values())


@dataclass
class SafetySense:
    """The learned weights of need and of each key over the features of a text."""

    keys: list[str]
    biases: FloatArray  # (1 + keys,): need first, here and below
    mean: FloatArray  # (LAYERS * 384,)
    axes: FloatArray  # (LAYERS * 384, PARTS), scaled to a mean length of 1
    line: FloatArray  # (PARTS,) of need
    square: FloatArray  # (PARTS, PARTS) of need
    meaning: FloatArray  # (384, keys)
    vectorizers: dict[str, TfidfVectorizer]
    columns: dict[str, FloatArray]  # of words and characters, (terms, 1 + keys)
    curated: dict[str, str]  # what a curated phrase means, said word by word: a key, or HARMLESS

    def __post_init__(self) -> None:
        self._readers = {
            part: ngrams.reader(self.vectorizers[part], self.columns[part]) for part in self.columns
        }

    @classmethod
    def fit(cls, phrases: SafetyPhrases, curated: Sequence[tuple[str, str]]) -> SafetySense:
        """Learn from the phrases, and from the curated (key, phrase) pairs: a safety answer's are in need too."""
        texts, labels = _examples(phrases, curated)
        fitted = {part: ngrams.vectorizer({**SETTINGS[part], "min_df": RAREST[part]}) for part in SETTINGS}
        terms = {part: fitted[part].fit_transform(texts) for part in fitted}
        taught = _instructive(terms, labels != HARMLESS)
        labels, terms = labels[taught], {part: rows[taught] for part, rows in terms.items()}
        vectors = EmbeddingCache.of_layers().encode([texts[i] for i in taught])
        mean, axes = _principal(vectors)
        parts = (vectors - mean) @ axes
        dual, bias = _need(_gram(parts, terms), labels != HARMLESS)
        keys = sorted(set(labels.tolist()) - {HARMLESS})
        fits, fit_biases = _fits(vectors[:, -DIMENSIONS:], terms, labels, keys)
        columns = {}
        at = DIMENSIONS
        for part, share in (("words", WORDS), ("characters", CHARACTERS)):
            own = fits[:, at : at + terms[part].shape[1]]
            columns[part] = np.column_stack([share * (dual @ terms[part]), own.T]).astype(np.float32)
            at += own.shape[1]
        return cls(
            keys,
            np.array([bias + MEANING / 4 * dual.sum(), *fit_biases], np.float32),
            mean,
            axes,
            (MEANING / 2 * dual @ parts).astype(np.float32),
            (MEANING / 4 * (parts.T * dual) @ parts).astype(np.float32),
            fits[:, :DIMENSIONS].T.astype(np.float32),
            fitted,
            columns,
            {_bare(asked): key if key in keys else HARMLESS for key, asked in curated},
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
        terms = {part: ngrams.vocabulary_of(fitted) for part, fitted in self.vectorizers.items()}
        stored = {"terms": terms, "curated": self.curated}
        (folder / "sense.json").write_text(json.dumps(stored), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> SafetySense:
        """Read what `save` wrote."""
        written = json.loads((folder / "sense.json").read_text(encoding="utf-8"))
        with np.load(folder / "sense.npz", allow_pickle=False) as stored:
            fitted = {part: ngrams.vectorizer(SETTINGS[part], written["terms"][part]) for part in SETTINGS}
            for part, one in fitted.items():
                one.idf_ = stored[f"{part}_rarity"]
            arrays = {name: stored[name] for name in ARRAYS}
            columns = {part: stored[f"{part}_columns"].astype(np.float32) for part in SETTINGS}
            return cls(
                keys=stored["keys"].tolist(),
                vectorizers=fitted,
                columns=columns,
                curated=written["curated"],
                **arrays,
            )

    def read(self, message: str, text: SafetyText) -> list[Strengths]:
        """Return the strengths of the message as typed, and of its sentences when it has several or has slips."""
        meant = self.curated.get(_bare(message))
        if meant is not None:  # reviewed word by word: nothing to guess
            return [Strengths({key: CERTAIN if key == meant else -CERTAIN for key in self.keys}, None)]
        return [
            Strengths(dict(zip(self.keys, self.strengths(said).tolist(), strict=True)), sentence)
            for sentence, said in _units(message, text)
        ]

    def strengths(self, text: str) -> FloatArray:
        """Return how strongly a cleaned text speaks for each key, shape (keys,): need, less what others fit better."""
        need, fits = self.need_and_fits(text)
        return np.asarray(need - AWAY * (fits.max() - fits), dtype=np.float32)

    def need_and_fits(self, text: str) -> tuple[float, FloatArray]:
        """Return how strongly a cleaned text speaks for need, and how well each key fits it, shape (keys,)."""
        layers = shared_encoder().recall_layers(text)
        parts = (layers - self.mean) @ self.axes
        scores = self.biases + sum(read(text) for read in self._readers.values())
        need = scores[0] + (self.line + self.square @ parts) @ parts
        return float(need), scores[1:] + layers[-DIMENSIONS:] @ self.meaning


def _bare(message: str) -> str:
    """Return a message cleaned, without what ends a sentence."""
    return text_cleaner.clean(message).strip(" .?!")


def _units(message: str, text: SafetyText) -> Iterator[tuple[int | None, str]]:
    """Yield what is read by itself, cleaned: the message, and its sentences as they were typed."""
    if len(message.split()) > 1:  # one word alone is for the signs: "yes" answers what the bot asked
        yield None, text_cleaner.clean(message)
    if len(text.sentences) > 1 or text.has_slips:
        for i, said in enumerate(text.sentences):
            if len(said.split()) >= SHORTEST:
                yield i, text_cleaner.clean(said)


def _examples(phrases: SafetyPhrases, curated: Sequence[tuple[str, str]]) -> tuple[list[str], Labels]:
    """Return texts and their keys (or HARMLESS); the phrases say what a curated question means for safety."""
    known = {key for key, _ in phrases.needing}
    said = {text_cleaner.clean(asked): key if key in known else HARMLESS for key, asked in curated}
    said |= {text_cleaner.clean(phrase): key for key, phrase in phrases.needing}
    said |= {text_cleaner.clean(phrase): HARMLESS for phrase in phrases.harmless}
    return list(said), np.array(list(said.values()))


def _instructive(terms: Terms, in_need: npt.NDArray[np.bool_]) -> Places:
    """Return the rows to learn from: those that a linear machine over words and letters tells apart the worst."""
    from sklearn.svm import LinearSVC

    rows = sp.hstack(list(terms.values()), format="csr")
    machine = LinearSVC(C=FITTING, dual=True, max_iter=200, random_state=0).fit(rows, in_need)
    clearness = machine.decision_function(rows) * np.where(in_need, 1, -1)
    return np.sort(np.argsort(clearness, kind="stable")[:EXAMPLES])


def _principal(vectors: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the mean, and the axes of the principal parts, scaled to a mean length of 1; the layers weigh the same."""
    mean = vectors.mean(axis=0)
    spread = np.square(vectors - mean).reshape(len(vectors), -1, DIMENSIONS).sum(axis=2).mean(axis=0)
    scale = np.repeat(1 / np.sqrt(spread), DIMENSIONS)[:, None]
    _, axes = np.linalg.eigh(np.cov((vectors - mean).T * scale))
    axes = scale * axes[:, ::-1][:, :PARTS]
    axes /= np.sqrt(np.square((vectors - mean) @ axes).sum(axis=1).mean())
    return mean, axes.astype(np.float32)


def _gram(parts: FloatArray, terms: Terms) -> Matrix:
    """Return the kernel of all examples, shape (n, n), a block of rows at a time: no second matrix of that size."""
    gram = np.empty((len(parts), len(parts)))
    for start in range(0, len(parts), BLOCK):
        rows = slice(start, start + BLOCK)
        gram[rows] = MEANING / 4 * np.square(1 + parts[rows] @ parts.T)
        gram[rows] += WORDS * (terms["words"][rows] @ terms["words"].T).toarray()
        gram[rows] += CHARACTERS * (terms["characters"][rows] @ terms["characters"].T).toarray()
    return gram


def _need(gram: Matrix, in_need: npt.NDArray[np.bool_]) -> tuple[Matrix, float]:
    """Return the machine's dual weights, shape (n,), and bias."""
    from sklearn.svm import SVC

    machine = SVC(C=STRENGTH, kernel="precomputed").fit(gram, in_need)
    dual = np.zeros(len(gram))
    dual[machine.support_] = machine.dual_coef_[0]
    return dual, float(machine.intercept_[0])


def _fits(vectors: FloatArray, terms: Terms, labels: Labels, keys: list[str]) -> tuple[Matrix, Matrix]:
    """Return each key's weights over embedding, words and letters, shape (keys, features), and bias, shape (keys,)."""
    from sklearn.svm import LinearSVC

    needing = labels != HARMLESS
    rows = sp.hstack([sp.csr_matrix(vectors), *(terms[part] for part in SETTINGS)], format="csr")[needing]
    weights, biases = np.zeros((len(keys), rows.shape[1])), np.zeros(len(keys))
    for i, key in enumerate(keys):
        machine = LinearSVC(C=FITTING, dual=True, max_iter=2000, random_state=0).fit(
            rows, labels[needing] == key
        )
        weights[i], biases[i] = machine.coef_[0], machine.intercept_[0]
    return weights, biases
