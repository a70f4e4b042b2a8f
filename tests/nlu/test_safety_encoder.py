"""The safety gate's own encoder: there, whole, and better at telling need from what sounds alike."""

from pathlib import Path

import numpy as np
import pytest

from hair_answers.nlu import safety_encoder
from hair_answers.nlu.encoder import DIMENSIONS, ModelFileError, shared_encoder
from hair_answers.nlu.safety_encoder import SafetyEncoder, shared_safety_encoder


def test_vectors_are_the_same_every_time_and_together():
    texts = ["price", "a somewhat longer question about the price of it", ""]
    together = shared_safety_encoder().encode_many(texts)
    assert together.shape == (len(texts), DIMENSIONS)
    for row, text in zip(together, texts, strict=True):
        np.testing.assert_allclose(row, shared_safety_encoder().encode(text), atol=1e-4)


def test_long_texts_are_cut_not_refused():
    assert np.isfinite(shared_safety_encoder().encode("hair " * 2000)).all()


def test_it_is_not_the_matchers_encoder():
    """Tuned: of three messages the matcher's pairs the two with the same words, this one the two in need."""
    needy, alike, other = (
        "i do not want to wake up tomorrow",
        "i do not want to wake up with hair on my pillow",
        "nobody would notice if i was gone for good",
    )

    def nearer_by_need(encoder) -> float:
        vectors = [encoder.encode(text) for text in (needy, alike, other)]
        a, b, c = (vector / np.linalg.norm(vector) for vector in vectors)
        return float(a @ c - a @ b)

    assert nearer_by_need(shared_encoder()) < 0 < nearer_by_need(shared_safety_encoder())


def test_an_altered_model_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    altered = tmp_path / "safety_encoder.onnx"
    altered.write_bytes(b"something else")
    monkeypatch.setattr(safety_encoder, "MODEL", altered)
    with pytest.raises(ModelFileError, match=r"safety_encoder.onnx was altered.*git checkout"):
        SafetyEncoder()
