"""Signs, the matcher and what was learned by example, weighed against each other."""

import pytest

from hair_answers.nlu import safety_rules
from hair_answers.nlu.safety_reader import SafetyReader
from hair_answers.nlu.safety_sense import Strengths
from hair_answers.nlu.safety_verdict import Understanding, Verdict, judge

RULES = {rule.key: rule for rule in safety_rules.load().rules}
CRISIS, EMERGENCY, CHILD = "safety/self_harm", "safety/emergency_after_procedure", "safety/child"
UNSURE = Understanding([("causes/stress", 0.2)], 0.2, "offer")
LOST = Understanding([("causes/stress", 0.1)], 0.1, "abstain")


@pytest.fixture(scope="module")
def reader() -> SafetyReader:
    return SafetyReader(safety_rules.load())


def answering(key: str, confidence: float = 0.9) -> Understanding:
    return Understanding([(key, confidence)], confidence, "answer")


def verdict(reader: SafetyReader, text: str, understood: Understanding, **heard: float) -> Verdict:
    """What is judged when the message as a whole speaks with such log odds for the keys (without their topic)."""
    by_key = {rule.key: -20.0 for rule in RULES.values()}
    by_key |= {f"safety/{key}": value for key, value in heard.items()}
    return judge(reader.read(text), understood, RULES, [Strengths(max(heard.values()), by_key, None)])


def test_a_sign_and_what_was_learned_add_up(reader: SafetyReader) -> None:
    sign, none = "how much is it, i want to die", "words without a sign"
    assert verdict(reader, sign, UNSURE, self_harm=-1.5).rule.rule == "R01"
    assert verdict(reader, none, UNSURE, self_harm=-1.5).rule is None
    assert verdict(reader, none, UNSURE, self_harm=1).rule.rule == "R01"
    assert verdict(reader, sign, UNSURE, self_harm=-4).rule is None


def test_what_is_certain_to_the_matcher_does_not_silence_a_crisis(reader: SafetyReader) -> None:
    text = "how much is it, i want to die"
    assert verdict(reader, text, answering("cost/price", 1.0), self_harm=0.0).rule.rule == "R01"


def test_an_urgent_sign_weighs_more_than_a_milder_one(reader: SafetyReader) -> None:
    assert verdict(reader, "how much is it, i want to die", UNSURE, self_harm=-1.5).rule.rule == "R01"
    assert verdict(reader, "my daughter of 6 has bald patches", UNSURE, child=-1.5).rule is None
    assert verdict(reader, "my daughter of 6 has bald patches", UNSURE, child=-0.5).rule.rule == "R07"


def test_a_clear_question_is_not_declined(reader: SafetyReader) -> None:
    text = "which clinic is the best at explaining prp"
    assert verdict(reader, text, answering("alternatives/prp"), rank_clinics_request=1).rule is None
    assert verdict(reader, text, LOST, rank_clinics_request=1).rule.rule == "R19e"
    assert verdict(reader, text, answering("alternatives/prp"), rank_clinics_request=8).rule.rule == "R19e"


def test_signs_alone_decide_where_nothing_can_be_read_from_examples(reader: SafetyReader) -> None:
    assert judge(reader.read("quiero morir"), UNSURE, RULES).rule.rule == "R01"
    assert judge(reader.read("my daughter of 6 has bald patches"), UNSURE, RULES).rule.rule == "R07"
    assert judge(reader.read("quiero una cita"), UNSURE, RULES).rule is None


def test_the_matchers_safety_answer_is_kept_when_plausible(reader: SafetyReader) -> None:
    assert verdict(reader, "words without a sign", UNSURE, distress=-1).rule is None
    kept = verdict(reader, "words without a sign", answering("safety/distress"), distress=-1)
    assert kept.rule.rule == "R18"


def test_the_matchers_safety_answer_is_doubted_when_nothing_speaks_for_it(reader: SafetyReader) -> None:
    outcome = verdict(reader, "words without a sign", answering("safety/distress"), distress=-4)
    assert outcome.rule is None and outcome.doubted


def test_reassurance_is_no_safety_answer_to_doubt(reader: SafetyReader) -> None:
    assert verdict(reader, "it was a joke", answering("safety/reassured"), distress=-4) == Verdict(None)


def test_what_is_denied_must_be_louder(reader: SafetyReader) -> None:
    assert verdict(reader, "words without a sign", UNSURE, self_harm=0.4).rule.rule == "R01"
    assert verdict(reader, "i am not suicidal", UNSURE, self_harm=0.4).rule is None
    assert verdict(reader, "i am not suicidal", UNSURE, self_harm=3).rule.rule == "R01"


def test_the_most_urgent_of_what_fits_wins_and_then_the_strongest(reader: SafetyReader) -> None:
    near = verdict(reader, "words without a sign", UNSURE, self_harm=4.6, scalp_symptoms=5.0)
    assert near.rule.rule == "R01"
    far = verdict(reader, "words without a sign", UNSURE, self_harm=2.0, scalp_symptoms=5.0)
    assert far.rule.rule == "R06"
    mild = verdict(reader, "words without a sign", UNSURE, scalp_symptoms=4.5, child=5.0)
    assert mild.rule.key == CHILD


def test_a_sign_says_which_answer_it_is(reader: SafetyReader) -> None:
    text = "i want to die since the prp"
    outcome = verdict(reader, text, UNSURE, self_harm=3, emergency_after_procedure=5)
    assert outcome.rule.rule == "R01"


def test_one_sentence_is_weighed_with_the_message_it_stands_in(reader: SafetyReader) -> None:
    reading = reader.read("How much is PRP? The quiet has come over me.")

    def rule(whole: float, loudest: float) -> str | None:
        heard = [Strengths(whole, {EMERGENCY: whole}, None), Strengths(loudest, {EMERGENCY: loudest}, 1)]
        found = judge(reading, UNSURE, RULES, heard).rule
        return found and found.key

    assert rule(-1, 6) == EMERGENCY
    assert rule(-4, 6) is None
    assert rule(4, 0) == EMERGENCY


def test_a_sentence_that_alarms_leaves_the_rest_to_be_asked(reader: SafetyReader) -> None:
    reading = reader.read("How much is PRP? The quiet has come over me.")
    heard = [Strengths(1.0, {CRISIS: 1.0}, None), Strengths(9.0, {CRISIS: 9.0}, 1)]
    assert reading.rest(judge(reading, UNSURE, RULES, heard).finding) == ("how much is prp",)


def test_a_red_flag_word_never_meets_the_plain_fallback(reader: SafetyReader) -> None:
    assert judge(reader.read("blorp pus zzz"), LOST, RULES).rule.rule == "R03"
    assert judge(reader.read("blorp zzz"), LOST, RULES).rule is None


def test_a_red_flag_word_in_plainly_harmless_words_is_none(reader: SafetyReader) -> None:
    text = "my wallet has a cancer of holes"
    assert verdict(reader, text, LOST, cancer_now=-2).rule.rule == "R10"
    assert verdict(reader, text, LOST, cancer_now=-9).rule is None
