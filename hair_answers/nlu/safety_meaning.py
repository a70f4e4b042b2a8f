"""How near a message's meaning is to what people in need say, against what they say when they ask about hair."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hair_answers.nlu import text_cleaner
from hair_answers.nlu.embedding_cache import EmbeddingCache
from hair_answers.nlu.encoder import FloatArray, shared_encoder

SAFETY = "safety/"
LONG_POST = 25  # words, as in the matcher: from here on sentences are read one by one too
SHORTEST_SENTENCE = 3  # words


@dataclass(frozen=True)
class Nearness:
    """Cosine of the nearest safety phrase, its key, and cosine of the nearest phrase that is no safety matter."""

    key: str
    safety: float
    other: float

    @property
    def margin(self) -> float:
        """How much nearer the safety phrase is, in cosine."""
        return self.safety - self.other


@dataclass
class SafetyMeaning:
    """All phrases of the training data as vectors, safety's first; shape (n, 384), half precision on disk."""

    keys: list[str]
    vectors: FloatArray

    def __post_init__(self) -> None:
        own = sum(key.startswith(SAFETY) for key in self.keys)
        self._safety_keys, self._other_keys = self.keys[:own], self.keys[own:]
        self._safety, self._other = self.vectors[:own], self.vectors[own:]  # views: no second copy

    @classmethod
    def fit(cls, examples: Sequence[tuple[str, str]], cache: EmbeddingCache) -> SafetyMeaning:
        """Encode (key, phrase) pairs; the matcher's cache already holds them."""
        pairs = sorted({(key, text_cleaner.clean(phrase)) for key, phrase in examples})
        pairs.sort(key=lambda pair: not pair[0].startswith(SAFETY))
        return cls([key for key, _ in pairs], cache.encode([phrase for _, phrase in pairs]))

    def save(self, folder: Path) -> None:
        """Write vectors and keys without pickle."""
        np.save(folder / "vectors.npy", self.vectors.astype(np.float16))
        (folder / "keys.json").write_text(json.dumps(self.keys), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> SafetyMeaning:
        """Read what `save` wrote."""
        vectors = np.load(folder / "vectors.npy", allow_pickle=False).astype(np.float32)
        return cls(json.loads((folder / "keys.json").read_text(encoding="utf-8")), vectors)

    def nearness(self, text: str) -> Nearness:
        """Return the nearness of the message, or of its most alarming sentence when the message is long."""
        texts = [text]
        if len(text.split()) >= LONG_POST:
            parts = text_cleaner.sentences(text)
            texts += [part for part in parts if SHORTEST_SENTENCE <= len(part.split()) < LONG_POST]
        return max(map(self._nearness, texts), key=lambda near: near.margin)

    def _nearness(self, text: str) -> Nearness:
        vector = shared_encoder().recall(text_cleaner.clean(text))
        safety = self._safety @ vector
        nearest = int(safety.argmax())
        return Nearness(
            self._safety_keys[nearest], float(safety[nearest]), float((self._other @ vector).max())
        )

    def question(self, text: str) -> tuple[str, float]:
        """Return the key of the nearest phrase that is no safety matter, and its cosine."""
        cosines = self._other @ shared_encoder().recall(text_cleaner.clean(text))
        nearest = int(cosines.argmax())
        return self._other_keys[nearest], float(cosines[nearest])
