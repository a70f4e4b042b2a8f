"""The question in the rest of a message that needs help first: it is offered afterwards."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hair_answers.nlu import text_cleaner
from hair_answers.nlu.embedding_cache import EmbeddingCache
from hair_answers.nlu.encoder import shared_encoder
from hair_answers.nlu.matcher import CONTROL_TOPICS

SAFETY = "safety/"
NEAR = 0.7  # cosine from which a piece is taken for a question that is known
SHORTEST = 3  # words
BLOCKS = 16


@dataclass
class KnownQuestions:
    """The curated questions as vectors, shape (n, 384), in half precision: they are asked for rarely."""

    keys: list[str]
    vectors: npt.NDArray[np.float16]

    @classmethod
    def fit(cls, examples: Sequence[tuple[str, str]], cache: EmbeddingCache) -> KnownQuestions:
        """Encode (key, phrase) pairs; the matcher's cache already holds them."""
        apart = (SAFETY, *(f"{topic}/" for topic in CONTROL_TOPICS))
        pairs = sorted(
            {(key, text_cleaner.clean(said)) for key, said in examples if not key.startswith(apart)}
        )
        vectors = cache.encode([said for _, said in pairs])
        return cls([key for key, _ in pairs], vectors.astype(np.float16))

    def save(self, folder: Path) -> None:
        """Write vectors and keys without pickle."""
        np.save(folder / "questions.npy", self.vectors)
        (folder / "questions.json").write_text(json.dumps(self.keys), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> KnownQuestions:
        """Read what `save` wrote."""
        vectors = np.load(folder / "questions.npy", allow_pickle=False)
        return cls(json.loads((folder / "questions.json").read_text(encoding="utf-8")), vectors)

    def nearest(self, pieces: Sequence[str]) -> str | None:
        """Return the answer key that one of the pieces of a message clearly asks for."""
        found = [self._nearest(piece) for piece in pieces if len(piece.split()) >= SHORTEST]
        cosine, key = max(found, default=(0.0, ""))
        return key if cosine >= NEAR else None

    def _nearest(self, text: str) -> tuple[float, str]:
        vector = shared_encoder().recall(text_cleaner.clean(text))
        # A block at a time: widened whole, the vectors would take twice their memory for good.
        blocks = np.array_split(self.vectors, BLOCKS)
        cosines = np.concatenate([block.astype(np.float32) @ vector for block in blocks])
        place = int(cosines.argmax())
        return float(cosines[place]), self.keys[place]
