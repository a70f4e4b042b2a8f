"""What the gate learned by example: how likely a message is a crisis, an emergency or an infection.

One support vector machine a key over sentence embeddings (evidence/safety_phrases.yml against all other
phrases), so that words no clinician listed are heard too. It costs one matrix product where the matcher has read
the same sentence. Held-out phrases chose it over a logistic regression: at 6 % false alarms among the harmless
ones it hears 88 % of the crises and 94 % of the emergencies, against 77 % and 85 %.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from hair_answers.nlu import text_cleaner
from hair_answers.nlu.embedding_cache import EmbeddingCache
from hair_answers.nlu.encoder import FloatArray, shared_encoder
from hair_answers.nlu.safety_text import SafetyText

PATH = Path(__file__).parents[2] / "evidence" / "safety_phrases.yml"
CACHE = Path(".rasa") / "embeddings-safety.npz"
SAYINGS = 4  # settings in which each sign is learned
# Chosen by five-fold cross-validation on the phrases, no sign in two folds.
STRENGTH = 3.0  # inverse regularisation
WIDTH = 1.0  # gamma of the radial kernel
# From distance to likelihood: a held-out phrase lies nearer the border than a learned one.
SLOPE, MIDDLE = 3.0, -0.5
WEIGHT = 3.0  # of a phrase in need against any other: a miss costs more than a false alarm
SHORTEST = 3  # words of a sentence that is read by itself


@dataclass(frozen=True)
class Alarm:
    """A key with its likelihood (0–1), and the sentence (by number) that raised it, or None for the whole message."""

    key: str
    likelihood: float
    sentence: int | None


@dataclass(frozen=True)
class SafetyPhrases:
    """The content of evidence/safety_phrases.yml: (key, phrase) in need, and harmless phrases."""

    needing: tuple[tuple[str, str], ...]
    harmless: tuple[str, ...]

    @classmethod
    def load(cls, path: Path = PATH) -> SafetyPhrases:
        """Read and join settings with signs, frames with topics; harmless signs are told in the same settings."""
        data: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        harmless = data["harmless"]
        framed = [frame.format(topic) for frame, topic in product(harmless["frames"], harmless["topics"])]
        settings = sorted(
            {said for key in data if key.startswith("safety/") for said in data[key].get("settings", ())}
        )
        told = _sayings({"phrases": [], "settings": settings, "signs": harmless["signs"]})
        needing = [(key, said) for key in data if key.startswith("safety/") for said in _sayings(data[key])]
        return cls(tuple(needing), (*harmless["phrases"], *framed, *told))

    def words(self) -> set[str]:
        """Return the words of all phrases: they are spelt right."""
        phrases = (*(phrase for _, phrase in self.needing), *self.harmless)
        return {word for phrase in phrases for word in text_cleaner.clean(phrase).split() if word.isalpha()}


def _sayings(content: dict[str, list[str]]) -> Iterable[str]:
    yield from content["phrases"]
    settings = content.get("settings", [])
    for i, sign in enumerate(content.get("signs", ())):
        for j in range(SAYINGS):
            yield settings[(i + j * max(1, len(settings) // SAYINGS)) % len(settings)].format(sign)


@dataclass
class SafetySense:
    """Support vectors, shape (n, 384), a weight a vector and key, shape (keys, n), and biases, shape (keys,)."""

    keys: list[str]
    vectors: FloatArray
    weights: FloatArray
    biases: FloatArray

    @classmethod
    def fit(cls, phrases: SafetyPhrases, others: Sequence[str], vectors: FloatArray) -> SafetySense:
        """Learn from the phrases, and from the curated ones given by key and meaning."""
        from sklearn.svm import SVC

        own = [text_cleaner.clean(phrase) for _, phrase in phrases.needing]
        harmless = [text_cleaner.clean(phrase) for phrase in phrases.harmless]
        seen = np.vstack([EmbeddingCache(CACHE).encode([*own, *harmless]), vectors])
        labels = np.array([k for k, _ in phrases.needing] + [""] * len(harmless) + list(others))
        keys = sorted({key for key, _ in phrases.needing})
        weights = np.zeros((len(keys), len(seen)), dtype=np.float32)
        biases = np.zeros(len(keys), dtype=np.float32)
        for i, key in enumerate(keys):
            model = SVC(C=STRENGTH, gamma=WIDTH)
            model.fit(seen, labels == key, sample_weight=np.where(labels == key, WEIGHT, 1.0))
            weights[i, model.support_] = model.dual_coef_[0]
            biases[i] = model.intercept_[0]
        used = weights.any(axis=0)
        return cls(keys, seen[used].astype(np.float32), weights[:, used], biases)

    def save(self, folder: Path) -> None:
        """Write what was learned without pickle; vectors in half precision."""
        np.savez(
            folder / "sense.npz",
            keys=np.array(self.keys),
            vectors=self.vectors.astype(np.float16),
            weights=self.weights,
            biases=self.biases,
        )

    @classmethod
    def load(cls, folder: Path) -> SafetySense:
        """Read what `save` wrote."""
        with np.load(folder / "sense.npz", allow_pickle=False) as stored:
            vectors = stored["vectors"].astype(np.float32)
            return cls(stored["keys"].tolist(), vectors, stored["weights"], stored["biases"])

    def alarms(self, message: str, text: SafetyText) -> list[Alarm]:
        """Return every key for the message as typed, and for its sentences when it has several or has slips."""
        units: list[tuple[int | None, str]] = [(None, message)]
        if len(text.sentences) > 1 or text.has_slips:
            units += [(i, said) for i, said in enumerate(text.sentences) if len(said.split()) >= SHORTEST]
        return [
            Alarm(key, likelihood, sentence)
            for sentence, said in units
            for key, likelihood in zip(self.keys, self._likelihoods(said), strict=True)
        ]

    def _likelihoods(self, text: str) -> list[float]:
        cosines = self.vectors @ shared_encoder().recall(text_cleaner.clean(text))
        # All vectors have length 1: their squared distance is 2 - 2 cosine.
        distances = self.weights @ np.exp(2 * WIDTH * (cosines - 1)) + self.biases
        return [float(value) for value in 1 / (1 + np.exp(-SLOPE * (distances - MIDDLE)))]
