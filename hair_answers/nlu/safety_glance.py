"""A first glance at a message by its words and letters: most are so plainly harmless that nothing more need read them.

A linear support vector machine over TF-IDF, learned from the same phrases. Its border lies far on the harmless side: of
the 1,233 messages in need of the tuning set none is let pass, of real people's questions seven in ten
(`python -m benchmarks.safety_glance`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.feature_extraction.text import TfidfVectorizer

from hair_answers.nlu import ngrams
from hair_answers.nlu.encoder import FloatArray

PLAIN = (
    -1.1
)  # margin below which a text is plainly harmless; 0 is the machine's own border, 1 as clear as a phrase
STRENGTH = 0.3  # inverse regularisation (C)
SETTINGS: dict[str, dict[str, Any]] = {
    "words": {"analyzer": "word", "ngram_range": (1, 2), "token_pattern": r"(?u)\b\w+\b"},
    "letters": {"analyzer": "char_wb", "ngram_range": (2, 5)},
}
RAREST = {"words": 3, "letters": 5}  # phrases a term must stand in


@dataclass
class SafetyGlance:
    """The learned weight of each term."""

    bias: float
    vectorizers: dict[str, TfidfVectorizer]
    weights: dict[str, FloatArray]  # (terms, 1)

    def __post_init__(self) -> None:
        self._readers = [ngrams.reader(self.vectorizers[part], self.weights[part]) for part in SETTINGS]

    @classmethod
    def fit(cls, texts: Sequence[str], in_need: npt.NDArray[np.bool_]) -> SafetyGlance:
        """Learn from cleaned texts and whether they are in need."""
        from sklearn.svm import LinearSVC

        fitted = {part: ngrams.vectorizer({**SETTINGS[part], "min_df": RAREST[part]}) for part in SETTINGS}
        rows = sp.hstack([fitted[part].fit_transform(texts) for part in SETTINGS], format="csr")
        machine = LinearSVC(C=STRENGTH, dual=True, max_iter=300, random_state=0).fit(rows, in_need)
        ends = np.cumsum([len(fitted[part].vocabulary_) for part in SETTINGS])
        columns = np.split(machine.coef_.T.astype(np.float32), ends[:-1])
        return cls(float(machine.intercept_[0]), fitted, dict(zip(SETTINGS, columns, strict=True)))

    def save(self, folder: Path) -> None:
        """Write what was learned without pickle; the weights in half precision."""
        arrays = {f"{part}_weights": self.weights[part].astype(np.float16) for part in SETTINGS}
        rarity = {f"{part}_rarity": self.vectorizers[part].idf_ for part in SETTINGS}
        np.savez(folder / "glance.npz", bias=self.bias, **arrays, **rarity)
        terms = {part: ngrams.vocabulary_of(fitted) for part, fitted in self.vectorizers.items()}
        (folder / "glance.json").write_text(json.dumps(terms), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> SafetyGlance:
        """Read what `save` wrote."""
        terms = json.loads((folder / "glance.json").read_text(encoding="utf-8"))
        with np.load(folder / "glance.npz", allow_pickle=False) as stored:
            fitted = {part: ngrams.vectorizer(SETTINGS[part], terms[part]) for part in SETTINGS}
            for part, one in fitted.items():
                one.idf_ = stored[f"{part}_rarity"]
            weights = {part: stored[f"{part}_weights"].astype(np.float32) for part in SETTINGS}
            return cls(float(stored["bias"]), fitted, weights)

    def margin(self, text: str) -> float:
        """Return how far a cleaned text lies from the border, on the harmless side below 0."""
        return self.bias + float(sum(read(text)[0] for read in self._readers))

    def is_plain(self, text: str) -> bool:
        """Tell a cleaned text that is plainly harmless."""
        return self.margin(text) < PLAIN
