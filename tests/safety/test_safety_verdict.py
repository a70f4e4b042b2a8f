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
    """What is judged when the message as a whole speaks so strongly for the keys (without their topic)."""
    by_key = {rule.key: -1.0 for rule in RULES.values()} | {f"safety/{k}": v for k, v in heard.items()}
    return judge(reader.read(text), understood, RULES, [Strengths(by_key, None)])


def test_an_urgent_sign_beats_a_certain_matcher_and_whatever_was_learned(reader: SafetyReader) -> None:
    assert verdict(reader, "how much is it, i want to die", answering("cost/price", 1.0)).rule.rule == "R01"


def test_a_milder_sign_counts_unless_what_was_learned_calls_it_harmless(reader: SafetyReader) -> None:
    text = "my daughter of 6 has bald patches"
    assert verdict(reader, text, UNSURE, child=0.0).rule.rule == "R07"
    assert verdict(reader, text, UNSURE, child=-0.6).rule is None


def test_a_clear_question_is_not_declined(reader: SafetyReader) -> None:
    text = "which clinic is the best at explaining prp"
    assert verdict(reader, text, answering("alternatives/prp", 0.8), rank_clinics_request=0.2).rule is None
    assert verdict(reader, text, LOST, rank_clinics_request=0.2).rule.rule == "R19e"
    assert verdict(reader, text, answering("alternatives/prp"), rank_clinics_request=0.9).rule.rule == "R19e"


def test_the_matchers_safety_answer_is_kept_when_plausible(reader: SafetyReader) -> None:
    kept = verdict(reader, "words without a sign", answering("safety/distress"), distress=0.05)
    assert kept.rule.rule == "R18"


def test_the_matchers_safety_answer_is_doubted_when_nothing_speaks_for_it(reader: SafetyReader) -> None:
    outcome = verdict(reader, "words without a sign", answering("safety/distress"), distress=-0.5)
    assert outcome.rule is None and outcome.doubted


def test_reassurance_is_no_safety_answer_to_doubt(reader: SafetyReader) -> None:
    assert verdict(reader, "it was a joke", answering("safety/reassured")) == Verdict(None)


def test_what_was_learned_by_example_raises_an_alarm(reader: SafetyReader) -> None:
    assert verdict(reader, "the quiet has come over me", UNSURE, self_harm=0.4).rule.rule == "R01"
    assert verdict(reader, "the quiet has come over me", UNSURE, self_harm=-0.4).rule is None


def test_in_doubt_a_crisis_is_heard_sooner_than_a_milder_matter(reader: SafetyReader) -> None:
    assert verdict(reader, "the quiet has come over me", UNSURE, self_harm=0.0).rule.rule == "R01"
    assert verdict(reader, "the quiet has come over me", UNSURE, distress=0.0).rule is None


def test_what_is_denied_must_be_louder(reader: SafetyReader) -> None:
    assert verdict(reader, "i am not suicidal", UNSURE, self_harm=0.1).rule is None
    assert verdict(reader, "i am not suicidal", UNSURE, self_harm=0.8).rule.rule == "R01"


def test_the_most_urgent_key_wins_and_then_the_strongest(reader: SafetyReader) -> None:
    both = verdict(reader, "words without a sign", UNSURE, self_harm=0.3, scalp_symptoms=2.0)
    assert both.rule.rule == "R01"
    mild = verdict(reader, "words without a sign", UNSURE, scalp_symptoms=0.3, child=0.9)
    assert mild.rule.key == CHILD


def test_a_sentence_alone_must_be_louder_than_a_whole_message(reader: SafetyReader) -> None:
    reading = reader.read("How much is PRP? The quiet has come over me.")
    for strength, tier in ((0.1, None), (0.4, 0)):
        rule = judge(reading, UNSURE, RULES, [Strengths({EMERGENCY: strength}, 1)]).rule
        assert (rule and rule.tier) == tier


def test_a_sentence_that_alarms_leaves_the_rest_to_be_asked(reader: SafetyReader) -> None:
    reading = reader.read("How much is PRP? The quiet has come over me.")
    finding = judge(reading, UNSURE, RULES, [Strengths({CRISIS: 0.9}, 1)]).finding
    assert reading.rest(finding) == ("how much is prp",)


def test_a_red_flag_word_never_meets_the_plain_fallback(reader: SafetyReader) -> None:
    assert judge(reader.read("blorp pus zzz"), LOST, RULES).rule.rule == "R03"
    assert judge(reader.read("blorp zzz"), LOST, RULES).rule is None


def test_a_red_flag_word_in_plainly_harmless_words_is_none(reader: SafetyReader) -> None:
    text = "my wallet has a cancer of holes"
    assert verdict(reader, text, LOST, cancer_now=-0.5).rule.rule == "R10"
    assert verdict(reader, text, LOST, cancer_now=-0.9).rule is None
