"""Signs, matcher and meaning weighed against each other."""

import pytest

from hair_answers.nlu import safety_rules
from hair_answers.nlu.safety_meaning import Nearness
from hair_answers.nlu.safety_reader import SafetyReader
from hair_answers.nlu.safety_sense import Alarm
from hair_answers.nlu.safety_verdict import Understanding, judge

RULES = {rule.key: rule for rule in safety_rules.load().rules}
FAR = Nearness("safety/child", 0.2, 0.6)


@pytest.fixture(scope="module")
def reader() -> SafetyReader:
    return SafetyReader(safety_rules.load())


def verdict(
    reader: SafetyReader, text: str, key: str, confidence: float, decision: str, near: Nearness = FAR
):
    return judge(reader.read(text), Understanding([(key, confidence)], confidence, decision), near, RULES)


def test_an_urgent_sign_beats_a_certain_matcher(reader: SafetyReader) -> None:
    assert verdict(reader, "how much is it, i want to die", "cost/price", 1.0, "answer").rule.rule == "R01"


def test_a_certain_answer_beats_a_mild_sign_about_nobody(reader: SafetyReader) -> None:
    assert (
        verdict(reader, "itchy scalp and hair loss", "causes/scalp_conditions", 0.95, "answer").rule is None
    )
    assert (
        verdict(reader, "itchy scalp and hair loss", "causes/scalp_conditions", 0.4, "offer").rule.rule
        == "R06"
    )


def test_a_clear_question_is_not_declined(reader: SafetyReader) -> None:
    text = "which clinic is the best at explaining prp"
    assert verdict(reader, text, "alternatives/prp", 0.8, "answer").rule is None
    assert verdict(reader, text, "alternatives/prp", 0.3, "abstain").rule.rule == "R19e"


def test_the_matchers_safety_answer_is_kept_when_plausible(reader: SafetyReader) -> None:
    near = Nearness("safety/distress", 0.7, 0.5)
    assert verdict(reader, "words without a sign", "safety/distress", 0.8, "answer", near).rule.rule == "R18"


def test_the_matchers_safety_answer_is_doubted_when_a_question_lies_nearer(reader: SafetyReader) -> None:
    near = Nearness("safety/distress", 0.5, 0.9)
    outcome = verdict(reader, "words without a sign", "safety/distress", 0.8, "answer", near)
    assert outcome.rule is None and outcome.doubted


def test_a_general_question_is_not_taken_for_somebodys_trouble(reader: SafetyReader) -> None:
    near = Nearness("safety/sudden_or_patchy_loss", 0.8, 0.7)
    key = "safety/sudden_or_patchy_loss"
    assert verdict(reader, "why do round gaps turn up in beards", key, 0.95, "answer", near).doubted
    assert verdict(reader, "round gaps turned up in my beard", key, 0.95, "answer", near).rule.rule == "R05"


def test_a_general_question_is_declined_only_with_certainty(reader: SafetyReader) -> None:
    near = Nearness("safety/photo_request", 0.8, 0.7)
    text = "can a picture show thin spots"
    assert verdict(reader, text, "safety/photo_request", 0.8, "answer", near).doubted
    assert verdict(reader, text, "safety/photo_request", 0.95, "answer", near).rule.rule == "R19c"


def test_what_is_denied_is_not_believed(reader: SafetyReader) -> None:
    near = Nearness("safety/pregnancy", 0.9, 0.5)
    assert verdict(reader, "i am not pregnant", "safety/pregnancy", 0.9, "answer", near).doubted


def test_meaning_alone_decides_when_the_matcher_is_unsure(reader: SafetyReader) -> None:
    near = Nearness("safety/self_harm", 0.8, 0.5)
    assert (
        verdict(reader, "i have these heavy thoughts", "causes/stress", 0.2, "offer", near).rule.rule == "R01"
    )
    assert verdict(reader, "i have these heavy thoughts", "causes/stress", 0.2, "offer", FAR).rule is None


def test_a_red_flag_word_never_meets_the_plain_fallback(reader: SafetyReader) -> None:
    assert verdict(reader, "blorp pus zzz", "causes/stress", 0.1, "abstain").rule.rule == "R03"
    assert verdict(reader, "blorp zzz", "causes/stress", 0.1, "abstain").rule is None


def sensed(reader: SafetyReader, text: str, likelihood: float, key: str = "safety/self_harm"):
    """What is judged when nothing but the sense speaks up."""
    unsure = Understanding([("causes/stress", 0.2)], 0.2, "offer")
    return judge(reader.read(text), unsure, FAR, RULES, [Alarm(key, likelihood, None)]).rule


def test_what_was_learned_by_example_raises_an_alarm(reader: SafetyReader) -> None:
    assert sensed(reader, "the quiet has come over me", 0.8).rule == "R01"
    assert sensed(reader, "the quiet has come over me", 0.3) is None


def test_a_question_in_general_raises_no_emergency(reader: SafetyReader) -> None:
    key = "safety/emergency_after_procedure"
    assert sensed(reader, "can prp make one faint", 0.95, key) is None
    assert sensed(reader, "the room goes round since prp", 0.95, key).tier == 0


def test_an_alarm_outweighs_a_milder_sign_only_when_it_is_likely(reader: SafetyReader) -> None:
    text = "my hair is coming out in clumps since monday"
    assert sensed(reader, text, 0.65).rule == "R05"
    assert sensed(reader, text, 0.9).rule == "R01"


def test_what_is_denied_raises_no_alarm(reader: SafetyReader) -> None:
    assert sensed(reader, "i am not suicidal", 0.99) is None
