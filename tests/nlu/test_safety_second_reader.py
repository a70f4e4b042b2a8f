"""The safety gate's second reader: there, whole, and of the same answers as the phrases."""

from pathlib import Path

import numpy as np
import pytest

from hair_answers.nlu import safety_second_reader
from hair_answers.nlu.encoder import MAX_TOKENS, ModelFileError
from hair_answers.nlu.safety_phrases import SafetyPhrases
from hair_answers.nlu.safety_second_reader import SecondReader, renumbered, shared_second_reader


def test_it_knows_every_safety_answer():
    assert set(shared_second_reader().keys) == {key for key, _ in SafetyPhrases.load().needing}


def test_it_hears_a_hint_and_not_its_look_alike():
    def need(text: str) -> float:
        return float(np.logaddexp.reduce(shared_second_reader().encode(text)))

    assert need("the needle hurts less than the lines i put on my own legs") > 1
    assert need("the needle hurts less than the stitches i had in my leg as a boy") < -1


def test_token_numbers_are_its_own():
    """[CLS] hair [UNK] [SEP] of the other encoders; its own vocabulary begins with four more tokens."""
    tokens = np.array([[101, 2606, 100, 102]])
    assert renumbered(tokens).tolist() == [[0, 2610, 104, 2]]
    assert tokens[0, 0] == 101  # what was given stays as it was


def test_long_texts_are_cut_not_refused():
    reader = shared_second_reader()
    long = "i lost some hair and then " * MAX_TOKENS
    assert np.isfinite(reader.encode(long)).all()
    np.testing.assert_array_equal(reader.encode(long), reader.encode(long + " and more"))


def test_an_altered_model_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    altered = tmp_path / "safety_second_reader.onnx"
    altered.write_bytes(b"something else")
    monkeypatch.setattr(safety_second_reader, "MODEL", altered)
    with pytest.raises(ModelFileError, match=r"safety_second_reader.onnx was altered.*git checkout"):
        SecondReader()
