"""The kernel of phrases: symmetric, positive, the same after saving, and honest about what it never saw."""

import numpy as np
import pytest

from hair_answers.nlu.encoder import shared_encoder
from hair_answers.nlu.phrase_kernel import WEIGHTS, PhraseKernel

PHRASES = [
    "does stress thin hair",
    "iron and hair",
    "how much is it",
    "price of the treatment",
    "does it hurt",
]


@pytest.fixture(scope="module")
def kernel():
    return PhraseKernel.fit(PHRASES, shared_encoder().encode_many(PHRASES))


def test_weights_are_shares():
    assert sum(WEIGHTS.values()) == pytest.approx(1.0)


def test_gram_is_a_kernel(kernel):
    gram = kernel.gram()
    assert gram.shape == (5, 5)
    np.testing.assert_allclose(gram, gram.T, atol=1e-5)
    np.testing.assert_allclose(np.diag(gram), 1.0, atol=1e-3)
    assert np.linalg.eigvalsh(gram).min() > -1e-4


def test_a_phrase_is_as_similar_as_its_gram_row(kernel):
    for place, phrase in enumerate(PHRASES):
        found = kernel.similarities(phrase, shared_encoder().encode(phrase))
        np.testing.assert_allclose(found, kernel.gram()[place], atol=2e-3)


def test_words_never_seen_leave_meaning_alone(kernel):
    vector = shared_encoder().encode("сколько стоит")
    expected = WEIGHTS["embedding"] * np.stack([shared_encoder().encode(p) for p in PHRASES]) @ vector
    np.testing.assert_allclose(kernel.similarities("сколько стоит", vector), expected, atol=2e-3)


def test_empty_text_has_finite_similarities(kernel):
    assert np.isfinite(kernel.similarities("", shared_encoder().encode(""))).all()


def test_saved_kernel_is_the_same(kernel, tmp_path):
    kernel.save(tmp_path)
    again = PhraseKernel.load(tmp_path)
    vector = shared_encoder().encode("what does the price depend on")
    np.testing.assert_array_equal(
        kernel.similarities("what does the price depend on", vector),
        again.similarities("what does the price depend on", vector),
    )
