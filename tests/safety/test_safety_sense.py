"""What the gate learned by example: its phrases are its own, and what it learned survives being stored."""

import csv
from pathlib import Path

import numpy as np
import pytest

from hair_answers.nlu import safety_glance, safety_rules, safety_sense, safety_text, text_cleaner
from hair_answers.nlu.embedding_cache import EmbeddingCache
from hair_answers.nlu.safety_encoder import shared_safety_encoder
from hair_answers.nlu.safety_glance import RAREST, SafetyGlance
from hair_answers.nlu.safety_phrases import SafetyPhraseError, SafetyPhrases
from hair_answers.nlu.safety_second_reader import shared_second_reader
from hair_answers.nlu.safety_sense import (
    CERTAIN,
    FIRST,
    SECOND,
    SURELY_HARMLESS,
    SURELY_IN_NEED,
    SafetySense,
    Strengths,
    second_opinion,
)
from hair_answers.nlu.safety_text import SafetyWords

ROOT = Path(__file__).parents[2]
PHRASES = SafetyPhrases.load()
CRISIS, PREGNANCY = "safety/self_harm", "safety/pregnancy"
FEW = SafetyPhrases(
    (
        (CRISIS, "i do not want to be alive"),
        (CRISIS, "i want to be dead"),
        (PREGNANCY, "i am pregnant"),
    ),
    ("i want to dye my hair", "i am expecting a parcel"),
)
CURATED = [("cost/prp_cost", "how much is prp"), (PREGNANCY, "can i have it while breastfeeding")]


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> tuple[SafetySense, SafetySense]:
    """A sense of a few phrases, as fitted and as stored and read again."""
    folder = tmp_path_factory.mktemp("sense")
    with pytest.MonkeyPatch.context() as patch:
        own = EmbeddingCache(folder / "cache.npz", shared_safety_encoder)  # the project's is left alone
        patch.setattr(safety_sense, "phrase_cache", lambda: own)
        patch.setattr(safety_glance, "RAREST", dict.fromkeys(RAREST, 1))
        fitted = SafetySense.fit(FEW, CURATED)
    fitted.save(folder)
    return fitted, SafetySense.load(folder)


def heard(sense: SafetySense, message: str) -> list[Strengths]:
    return sense.read(message, safety_text.read(message, SafetyWords([], {}, [])))


def need(sense: SafetySense, message: str) -> float:
    return max(unit.need for unit in heard(sense, message))


def best(sense: SafetySense, message: str) -> str:
    by_key = heard(sense, message)[0].by_key
    return max(by_key, key=lambda key: by_key[key])


def test_a_crisis_in_other_words_speaks_louder_than_a_question(
    learned: tuple[SafetySense, SafetySense],
) -> None:
    sense = learned[1]
    crisis = need(sense, "i would like to be dead")
    assert crisis > need(sense, "what does prp cost")
    assert crisis > need(sense, "i want to dye my beard")


def test_a_curated_safety_phrase_teaches_too(learned: tuple[SafetySense, SafetySense]) -> None:
    assert need(learned[1], "may i have it while breastfeeding") > 0
    assert best(learned[1], "may i have it while breastfeeding") == PREGNANCY


def test_one_sentence_of_many_is_heard(learned: tuple[SafetySense, SafetySense]) -> None:
    said = "How much is PRP? I want to be dead. Can I wash my hair after it? What is the price?"
    units = {unit.sentence: unit.need for unit in heard(learned[1], said)}
    assert None in units
    assert max(units, key=lambda place: units[place]) == 1


def test_a_curated_phrase_means_what_its_file_says(learned: tuple[SafetySense, SafetySense]) -> None:
    for sense in learned:
        assert need(sense, "How much is PRP?") == -CERTAIN < need(sense, "how much is it")
        assert need(sense, "Can I have it while breastfeeding?") == CERTAIN
        assert best(sense, "Can I have it while breastfeeding?") == PREGNANCY


def test_one_word_alone_is_left_to_the_signs(learned: tuple[SafetySense, SafetySense]) -> None:
    assert heard(learned[1], "yes") == []


def test_what_is_stored_hears_the_same(learned: tuple[SafetySense, SafetySense]) -> None:
    fitted, stored = learned
    for text in ("i want to be dead", "how much is it", "is it ok when pregnant"):
        assert fitted.strengths(text) == stored.strengths(text)


def test_the_need_is_told_apart_from_what_it_is(learned: tuple[SafetySense, SafetySense]) -> None:
    sense = learned[0]
    for text, key in (("i want to be dead", CRISIS), ("i am pregnant", PREGNANCY)):
        told = sense.strengths(text)
        assert told.need > 0
        assert told.by_key[key] == max(told.by_key.values())
    assert sense.strengths("how much is prp").need < 0


def test_what_is_plain_at_a_glance_is_not_read_closely(
    learned: tuple[SafetySense, SafetySense], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "how much is a wig"
    text = safety_text.read(said, SafetyWords([], {}, []))
    monkeypatch.setattr(SafetyGlance, "is_plain", lambda _, said: "wig" in said)
    for sense in learned:
        assert sense.read(said, text, closely=False) == [Strengths(-CERTAIN, {}, None)]
        assert sense.read(said, text)[0].by_key
    mixed = "How much is a wig? I want to be dead."
    text = safety_text.read(mixed, SafetyWords([], {}, []))
    assert max(unit.need for unit in learned[0].read(mixed, text, closely=False)) > 0


def test_the_glance_is_stored_as_it_was_learned(learned: tuple[SafetySense, SafetySense]) -> None:
    for text in ("i want to be dead", "i want to dye my hair"):
        margins = [sense.glance.margin(text) for sense in learned]
        assert margins[0] == pytest.approx(margins[1], abs=0.01)
    assert learned[1].glance.margin("i want to be dead") > learned[1].glance.margin("how much is prp")


def test_a_second_opinion_is_asked_where_the_first_is_unsure(
    learned: tuple[SafetySense, SafetySense], monkeypatch: pytest.MonkeyPatch
) -> None:
    sense, hint = learned[0], "the needle hurts less than the lines i put on my own legs"
    first = sense.strengths(hint)
    reader = shared_second_reader()
    second = dict(zip(reader.keys, reader.encode(hint).tolist(), strict=True))
    told = heard(sense, hint)[0]
    for key, odds in told.by_key.items():
        assert odds == pytest.approx(FIRST * first.by_key[key] + SECOND * second[key], abs=1e-4)
    assert told.need == pytest.approx(np.logaddexp.reduce(list(told.by_key.values())))
    for sure in (SURELY_HARMLESS, SURELY_IN_NEED):
        monkeypatch.setattr(
            SafetySense, "strengths", lambda *_, sure=sure: Strengths(sure, {CRISIS: sure}, None)
        )
        assert heard(sense, hint) == [Strengths(sure, {CRISIS: sure}, None)]


def test_an_answer_that_the_second_reader_does_not_know_is_the_firsts() -> None:
    first = Strengths(-1.0, {"safety/new": -1.0}, None)
    assert second_opinion(first, "words of a new kind") == Strengths(-1.0, {"safety/new": -1.0}, None)


def test_the_need_is_the_odds_of_all_answers_together(learned: tuple[SafetySense, SafetySense]) -> None:
    sense = learned[0]
    vector = shared_safety_encoder().encode("i am pregnant and want to be dead")
    against_harmless = np.exp(vector @ sense.weights + sense.biases)
    told = sense.strengths("i am pregnant and want to be dead")
    assert told.need == pytest.approx(np.log(against_harmless.sum()), abs=1e-4)


@pytest.mark.parametrize(
    ("content", "cure"),
    [
        ("phrases: [1]", "put it in quotes"),
        ("phrases: ['']", "put it in quotes"),
        ("phrase:\n- i am unwell", "see README.md"),
        ("- i am unwell", "see README.md"),
        ("phrases:\n- said: so: badly", "quote the line"),
    ],
)
def test_a_faulty_file_says_how_to_mend_it(tmp_path: Path, content: str, cure: str) -> None:
    (tmp_path / "harmless.yml").write_text("phrases: [i want to dye my hair]")
    (tmp_path / "self_harm.yml").write_text(content)
    with pytest.raises(SafetyPhraseError, match=cure):
        SafetyPhrases.load(tmp_path)


def test_no_phrase_is_both_and_every_key_has_a_rule() -> None:
    needing = {phrase for _, phrase in PHRASES.needing}
    assert not needing & set(PHRASES.harmless)
    assert {key for key, _ in PHRASES.needing} == {rule.key for rule in safety_rules.load().rules}


@pytest.mark.parametrize("name", ["tuning", "test", "test_2", "test_3"])
def test_nothing_that_is_measured_was_learned(name: str) -> None:
    with (ROOT / "tests" / "safety" / f"{name}.tsv").open(encoding="utf-8") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        measured = {text_cleaner.clean(row["text"]).strip(" .?!") for row in rows}
    said = (*(phrase for _, phrase in PHRASES.needing), *PHRASES.harmless)
    assert not measured & {text_cleaner.clean(phrase).strip(" .?!") for phrase in said}
