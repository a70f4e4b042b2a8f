"""The safety gate's own sentence encoder: MiniLM tuned whole on its phrases (tuning/), int8, on one CPU thread.

The matcher's encoder keeps what a text is about; telling "I am done with combovers" from "I am done with it all" takes
one that learned to attend to need.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from hair_answers.nlu.embedding_cache import EmbeddingCache
from hair_answers.nlu.encoder import FloatArray, TextEncoder, Tokens
from hair_answers.nlu.memory import give_back

MODEL = Path(__file__).parent / "encoders" / "safety_encoder.onnx"
MODEL_SHA256 = "ca0b3e9097302a7d6e4fcbe2ad55978e642226e7f162fbd19bfe7dacdfa28de1"


class SafetyEncoder(TextEncoder):
    """Vectors that a linear machine tells the safety answers apart by; the model averages its tokens itself.

    Activations are scaled as they come: texts read together share a scale, so their vectors are nearly `encode`'s.
    """

    def __init__(self) -> None:
        super().__init__(MODEL, MODEL_SHA256, "restore it with `git checkout hair_answers/nlu/encoders`")

    def _rows(self, tokens: Tokens) -> FloatArray:
        vectors: FloatArray = self._run({"ids": tokens})
        return vectors


@lru_cache(maxsize=1)
def shared_safety_encoder() -> SafetyEncoder:
    """One session a process."""
    encoder = SafetyEncoder()
    give_back()
    return encoder


def phrase_cache() -> EmbeddingCache:
    """Return the project's cache of this encoder under .rasa/."""
    return EmbeddingCache(Path(".rasa") / f"safety-{MODEL_SHA256[:12]}.npz", shared_safety_encoder)
