"""How alike two questions are: meaning, spelling and words in one kernel.

k(x, x') = .80 cos(sentence embeddings) + .14 cos(character 2-4-gram TF-IDF) + .06 cos(word TF-IDF), in [-.8, 1].
Every part is a scalar product of unit vectors, so k is a kernel. Weights: out-of-fold accuracy on this project's
phrases, with the spelling parts kept high enough for typing slips.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.feature_extraction.text import TfidfVectorizer

from hair_answers.nlu.encoder import FloatArray
from hair_answers.nlu.ngrams import reader, vectorizer, vocabulary_of

WEIGHTS = {"embedding": 0.80, "characters": 0.14, "words": 0.06}


SETTINGS: dict[str, dict[str, Any]] = {
    "characters": {"analyzer": "char_wb", "ngram_range": (2, 4)},
    "words": {"analyzer": "word", "token_pattern": r"(?u)\b\w\w+\b"},
}


@dataclass
class PhraseKernel:
    """The training phrases' features, and the similarity of any text to each of them."""

    embeddings: FloatArray  # (n, 384)
    characters: TfidfVectorizer
    words: TfidfVectorizer
    # Transposed: a sparse row times a sparse matrix is quick only that way round.
    character_columns: sp.csr_matrix  # (character n-grams, n)
    word_columns: sp.csr_matrix  # (words, n)

    @classmethod
    def fit(cls, phrases: list[str], embeddings: FloatArray) -> PhraseKernel:
        """Learn both vocabularies from n phrases; `embeddings` has shape (n, 384)."""
        characters, words = vectorizer(SETTINGS["characters"]), vectorizer(SETTINGS["words"])
        rows = characters.fit_transform(phrases), words.fit_transform(phrases)
        return cls(embeddings, characters, words, rows[0].T.tocsr(), rows[1].T.tocsr())

    def gram(self) -> FloatArray:
        """Return the (n, n) kernel matrix of the phrases themselves."""
        return np.asarray(
            WEIGHTS["embedding"] * (self.embeddings @ self.embeddings.T)
            + WEIGHTS["characters"] * (self.character_columns.T.tocsr() @ self.character_columns).toarray()
            + WEIGHTS["words"] * (self.word_columns.T.tocsr() @ self.word_columns).toarray(),
            dtype=np.float32,
        )

    def __post_init__(self) -> None:
        self._characters_alike = reader(self.characters, self.character_columns)
        self._words_alike = reader(self.words, self.word_columns)

    def similarities(self, text: str, embedding: FloatArray) -> FloatArray:
        """Return k(text, phrase) for every phrase, shape (n,)."""
        return np.asarray(
            WEIGHTS["embedding"] * (self.embeddings @ embedding)
            + WEIGHTS["characters"] * self._characters_alike(text)
            + WEIGHTS["words"] * self._words_alike(text),
            dtype=np.float32,
        )

    def save(self, folder: Path) -> None:
        """Write arrays and vocabularies without pickle."""
        np.savez(
            folder / "kernel.npz",
            embeddings=self.embeddings,
            character_weights=self.characters.idf_,
            word_weights=self.words.idf_,
        )
        sp.save_npz(folder / "characters.npz", self.character_columns)
        sp.save_npz(folder / "words.npz", self.word_columns)
        vocabularies = {
            part: vocabulary_of(fitted)
            for part, fitted in (("characters", self.characters), ("words", self.words))
        }
        (folder / "vocabularies.json").write_text(json.dumps(vocabularies), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> PhraseKernel:
        """Read what `save` wrote."""
        arrays = np.load(folder / "kernel.npz", allow_pickle=False)
        vocabularies = json.loads((folder / "vocabularies.json").read_text(encoding="utf-8"))
        characters, words = (
            vectorizer(SETTINGS[part], vocabularies[part]) for part in ("characters", "words")
        )
        characters.idf_, words.idf_ = arrays["character_weights"], arrays["word_weights"]
        return cls(
            arrays["embeddings"],
            characters,
            words,
            sp.load_npz(folder / "characters.npz"),
            sp.load_npz(folder / "words.npz"),
        )
