"""The matcher without Rasa: fits, decides, survives its file, and gives the same twice."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hair_answers.nlu.matcher import LONG_POST, Matcher

ASKED = [
    "how much do i pay",
    "is it my iron",
    "hi",
    "where do the cells come from",
    "the moon is made of cheese",
]


def test_its_own_phrases_are_recognised(matcher, examples):
    wrong = [(key, phrase) for key, phrase in examples if matcher.match(phrase).key != key]
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("WHAT DO I PAY", "cost/price"),
        ("whats the price plz", "cost/price"),
        ("hi how much is it thx", "cost/price"),
        ("howmuch does it cost", "cost/price"),
        ("😭 is my hair falling because of iron 🙏", "causes/iron"),
        ("is anaemia to blame", "causes/iron"),
        ("can stres thin my hair", "causes/stress"),
    ],
)
def test_hasty_typing_is_understood(matcher, text, key):
    assert matcher.match(text).key == key


def test_the_question_in_a_long_post_is_found(matcher):
    post = (
        "My neighbour moved here last spring and we often sit in the garden and talk about football and the weather. "
        "He has a dog and two cats. How much does the treatment cost? We like to cook on Sundays with the children."
    )
    assert len(post.split()) >= LONG_POST
    assert matcher.match(post).key == "cost/price"
    assert matcher.match(post).confidence > matcher.match_sentence(post).confidence


def test_ranking_is_whole_ordered_and_led_by_the_confidence(matcher):
    for text in ASKED:
        match = matcher.match(text)
        values = [value for _, value in match.ranking]
        assert sorted(key for key, _ in match.ranking) == matcher.keys
        assert values == sorted(values, reverse=True)
        assert match.ranking[0] == (match.key, pytest.approx(match.confidence))
        assert 0 <= match.confidence <= 1


def test_small_talk_is_never_offered(matcher):
    unsure = replace(matcher, calibration=replace(matcher.calibration, answer_from=0.999, offer_from=0.001))
    assert unsure.match("what is the price").decision == "offer"
    assert unsure.match("good morning").decision == "answer"
    deaf = replace(matcher, calibration=replace(matcher.calibration, answer_from=1.1, offer_from=1.1))
    assert {deaf.match(text).decision for text in ASKED} == {"abstain"}


def test_fit_is_deterministic(matcher, examples, responses, cache):
    again = Matcher.fit(list(reversed(examples)), responses, cache)
    assert again.calibration == matcher.calibration
    for text in ASKED:
        assert again.match(text) == matcher.match(text)


def test_saved_matcher_is_the_same(matcher, tmp_path):
    matcher.save(tmp_path)
    again = Matcher.load(tmp_path)
    for text in ASKED:
        assert again.match(text) == matcher.match(text)


def test_no_file_of_a_saved_matcher_is_a_pickle(matcher, tmp_path):
    matcher.save(tmp_path)
    for path in tmp_path.glob("*.np[yz]"):
        arrays = np.load(path, allow_pickle=False)
        for array in [arrays] if path.suffix == ".npy" else arrays.values():
            assert array.dtype != object


def test_one_answer_is_no_choice(cache):
    with pytest.raises(ValueError, match=r"found phrases for 1 answers. Cure: write at least two."):
        Matcher.fit([("a/b", "one"), ("a/b", "two")], {}, cache)


def test_names_are_not_repaired(matcher, examples, responses, cache):
    named = Matcher.fit(examples, responses, cache, names=["Tretment"])
    assert named.match("tretment") != matcher.match("treatment")
    assert matcher.match("tretment") == matcher.match("treatment")


@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=200))
def test_any_text_gets_a_decision(matcher, text):
    match = matcher.match(text)
    assert match.decision in ("answer", "offer", "abstain")
    assert np.isfinite(match.confidence)
