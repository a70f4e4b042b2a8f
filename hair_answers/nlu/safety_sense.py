"""What the gate learned by example: how likely a message is a crisis, an emergency or an infection.

One logistic regression a key over sentence embeddings (evidence/safety_phrases.yml against all other phrases), so that
words no clinician listed are heard too. It costs a dot product where the matcher has read the same sentence already.
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
STRENGTH = 10.0  # inverse regularisation; chosen on the tuning set
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
    """A weight vector a key, shape (n, 384), and its bias, shape (n,)."""

    keys: list[str]
    weights: FloatArray
    biases: FloatArray

    @classmethod
    def fit(cls, phrases: SafetyPhrases, others: Sequence[str], vectors: FloatArray) -> SafetySense:
        """Learn from the phrases, and from the curated ones given by key and meaning."""
        from sklearn.linear_model import LogisticRegression

        own = [text_cleaner.clean(phrase) for _, phrase in phrases.needing]
        harmless = [text_cleaner.clean(phrase) for phrase in phrases.harmless]
        seen = np.vstack([EmbeddingCache(CACHE).encode([*own, *harmless]), vectors])
        labels = np.array([k for k, _ in phrases.needing] + [""] * len(harmless) + list(others))
        keys = sorted({key for key, _ in phrases.needing})
        models = [
            LogisticRegression(C=STRENGTH, max_iter=500).fit(
                seen, labels == key, sample_weight=np.where(labels == key, WEIGHT, 1.0)
            )
            for key in keys
        ]
        return cls(
            keys,
            np.vstack([model.coef_ for model in models]).astype(np.float32),
            np.hstack([model.intercept_ for model in models]).astype(np.float32),
        )

    def save(self, folder: Path) -> None:
        """Write weights and keys without pickle."""
        np.savez(folder / "sense.npz", keys=np.array(self.keys), weights=self.weights, biases=self.biases)

    @classmethod
    def load(cls, folder: Path) -> SafetySense:
        """Read what `save` wrote."""
        with np.load(folder / "sense.npz", allow_pickle=False) as stored:
            return cls(stored["keys"].tolist(), stored["weights"], stored["biases"])

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
        logits = self.weights @ shared_encoder().recall(text_cleaner.clean(text)) + self.biases
        return [float(value) for value in 1 / (1 + np.exp(-logits))]
