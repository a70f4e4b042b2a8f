"""Reading grade and plain text."""

import pytest

from hair_answers.knowledge.content_check.plain_text import blocks, sentences, word_count
from hair_answers.knowledge.content_check.readability import grade, readable, syllables, term_pattern

NO_TERMS = term_pattern(["zzz"])


@pytest.mark.parametrize(
    ("word", "count"),
    [("hair", 1), ("about", 2), ("dermatologist", 5), ("area", 3), ("16", 1), ("doctor's", 2)],
)
def test_syllables(word, count):
    assert syllables(word) == count


def test_unknown_word_is_hyphenated():
    assert syllables("trichoscopical") > 2


def test_grade_is_flesch_kincaid():
    # 6 words, 1 sentence, 7 syllables
    assert grade("The cat sat on a sofa.", NO_TERMS) == pytest.approx(0.39 * 6 + 11.8 * 7 / 6 - 15.59)


def test_long_words_raise_the_grade():
    assert grade("Physiological perturbations precipitate deterioration.", NO_TERMS) > 12


def test_names_and_terms_are_left_out():
    terms = term_pattern(["alopecia areata", "minoxidil"])
    assert readable("Alopecia areata and minoxidil can come up.", terms) == [" and  can come up."]


def test_nothing_to_read_has_grade_0():
    assert grade("{clinic_phone}", NO_TERMS) == 0.0


def test_list_items_are_blocks_of_their_own():
    assert blocks("Two things:\n\n1. **One:** first\n2. [Two](https://x.example)\n\nEnd.") == [
        "Two things:",
        "One: first",
        "Two",
        "End.",
    ]


def test_wrapped_lines_belong_together():
    assert blocks("One line\nand its rest.") == ["One line and its rest."]


def test_sentences_end_at_full_stops_not_in_numbers():
    assert sentences("It rose 16.6 hairs. Then it fell (a lot). “Why?” Nobody knows.") == [
        "It rose 16.6 hairs.",
        "Then it fell (a lot).",
        "“Why?”",
        "Nobody knows.",
    ]


def test_marks_are_not_words():
    assert word_count("A – B, and 3 more") == 5
