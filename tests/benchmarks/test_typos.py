"""A slip changes one word a little, always the same for the same seed."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from benchmarks.typos import with_slip


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz ?'", max_size=60), st.integers(0, 1000))
def test_a_slip_is_one_edit(text: str, seed: int) -> None:
    slipped = with_slip(text, random.Random(seed))
    assert OSA.distance(text, slipped) <= 1
    assert slipped == with_slip(text, random.Random(seed))


def test_a_message_with_a_long_word_always_changes() -> None:
    choice = random.Random(1)
    assert all(with_slip("does it hurt", choice) != "does it hurt" for _ in range(50))


def test_short_words_alone_stay() -> None:
    assert with_slip("is it ok", random.Random(3)) in {"is it ok", "isit ok", "is itok"}
