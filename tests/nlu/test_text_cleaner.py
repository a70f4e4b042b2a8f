"""Typed text in the one form that phrases and questions are compared in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hair_answers.nlu import text_cleaner


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("what’s  a\tgraft\n?", "what's a graft ?"),
        ("ｆｕｌｌ width", "full width"),
        ("𝐡𝐨𝐰 long", "how long"),
        ("zero\u200bwidth\u2060joined", "zerowidthjoined"),
        ("nul\x00inside", "nulinside"),
        ("lone \ud800 surrogate", "lone surrogate"),
        ("right \u202eto left", "right to left"),
        ("  \u200b ", ""),
    ],
)
def test_plain_characters(typed, plain):
    assert text_cleaner.plain_characters(typed) == plain


@pytest.mark.parametrize(
    ("typed", "clean"),
    [
        ("HOW MUCH IS IT", "how much is it"),
        ("how much r u", "how much are you"),
        ("hi how much is it thx", "how much is it"),
        ("Hello doctor, does it hurt? Thanks in advance", "does it hurt"),
        ("pls tell me, is it painful", "is it painful"),
        ("dont want surgery", "do not want surgery"),
        ("sooooo expensive???", "soo expensive???"),
        ("hello", "hello"),
        ("thanks", "thanks"),
        ("hi there", "hi there"),
        ("stemcell cost w/o surgery", "stem cell cost without surgery"),
        ("b4 and after", "before and after"),
        ("it doesn't hurt, i'm told", "it does not hurt, i am told"),
        ("arent there cheaper ones", "are not there cheaper ones"),
        ("Anaemia and grey hair colour", "anemia and gray hair color"),
        ("is it a tumour on mums scalp", "is it a tumor on moms scalp"),
        ("👍🏽", "👍🏽"),
        ("😭 is it painful 🙏🙏", "is it painful"),
        ("hairfall 🙏🏽 after 👶", "hair fall after"),
    ],
)
def test_clean(typed, clean):
    assert text_cleaner.clean(typed) == clean


def test_chat_words_are_whole_words_only():
    assert text_cleaner.whole_words("urban hair runs") == "urban hair runs"


def test_cleaning_twice_changes_nothing_more():
    for typed in ("hi hi how much r u", "HOW long b4 i c results", "so so is it safe pls"):
        once = text_cleaner.clean(typed)
        assert text_cleaner.clean(once) == once


def test_sentences_are_taken_apart_by_marks_alone():
    post = "I am 34. My hair thins since May; is it stress? Or food"
    assert text_cleaner.sentences(post) == [
        "I am 34.",
        "My hair thins since May;",
        "is it stress?",
        "Or food",
    ]


@given(st.text(max_size=120))
def test_any_text_is_cleaned_to_encodable_text(typed):
    cleaned = text_cleaner.clean(typed)
    cleaned.encode("utf-8")
    assert "\x00" not in cleaned
    assert "  " not in text_cleaner.plain_characters(typed)
