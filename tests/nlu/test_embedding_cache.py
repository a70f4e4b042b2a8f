"""Embeddings of phrases are computed once; a damaged file only costs time."""

import numpy as np
import pytest

from hair_answers.nlu.embedding_cache import EmbeddingCache


class CountingEncoder:
    def __init__(self):
        self.asked = []

    def encode_many(self, texts, progress=False):
        self.asked.append(list(texts))
        rows = [[float(len(text)), float(sum(map(ord, text)))] for text in texts]
        return np.array(rows, np.float32).reshape(len(texts), 2)


@pytest.fixture
def encoder():
    return CountingEncoder()


def cache(path, encoder):
    return EmbeddingCache(path, lambda: encoder)


def test_only_new_phrases_are_encoded(encoder, tmp_path):
    path = tmp_path / "deep" / "cache.npz"
    first = cache(path, encoder).encode(["one", "two", "one"])
    assert first.shape == (3, 2)
    np.testing.assert_array_equal(first[0], first[2])
    second = cache(path, encoder).encode(["three", "two"])
    np.testing.assert_array_equal(second[1], first[1])
    assert encoder.asked == [["one", "two"], ["three"]]


def test_nothing_new_writes_nothing(encoder, tmp_path):
    path = tmp_path / "cache.npz"
    cache(path, encoder).encode(["one"])
    stored = path.read_bytes()
    cache(path, encoder).encode(["one"])
    assert path.read_bytes() == stored
    assert encoder.asked == [["one"]]


@pytest.mark.parametrize("damage", [b"", b"not an archive", b"PK\x03\x04 cut short"])
def test_a_damaged_file_costs_time_alone(encoder, tmp_path, damage):
    path = tmp_path / "cache.npz"
    path.write_bytes(damage)
    vectors = cache(path, encoder).encode(["one", "two"])
    np.testing.assert_array_equal(vectors, cache(path, encoder).encode(["one", "two"]))
    assert encoder.asked == [["one", "two"]]
