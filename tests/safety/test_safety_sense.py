"""What the gate learned by example: its phrases are its own, and what it learned survives being stored."""

import csv
from pathlib import Path

import numpy as np
import pytest

from hair_answers.nlu import ngrams, safety_rules, safety_sense, safety_text, text_cleaner
from hair_answers.nlu.embedding_cache import EmbeddingCache
from hair_answers.nlu.encoder import shared_encoder
from hair_answers.nlu.safety_phrases import SafetyPhraseError, SafetyPhrases
from hair_answers.nlu.safety_sense import HARMLESS, MEANING, RAREST, SETTINGS, SafetySense
from hair_answers.nlu.safety_text import SafetyWords

ROOT = Path(__file__).parents[2]
PHRASES = SafetyPhrases.load()
CRISIS = "safety/self_harm"
FEW = SafetyPhrases(
    (
        (CRISIS, "i do not want to be alive"),
        (CRISIS, "i want to be dead"),
        ("safety/pregnancy", "i am pregnant"),
    ),
    ("i want to dye my hair", "i am expecting a parcel"),
)
CURATED = [("cost/prp_cost", "how much is prp"), ("safety/pregnancy", "can i have it while breastfeeding")]


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> tuple[SafetySense, SafetySense]:
    """A sense of a few phrases, as fitted and as stored and read again."""
    folder = tmp_path_factory.mktemp("sense")
    with pytest.MonkeyPatch.context() as patch:
        own = EmbeddingCache(folder / "cache.npz", layers=True)  # the project's is left alone
        patch.setattr(EmbeddingCache, "of_layers", lambda: own)
        patch.setattr(safety_sense, "RAREST", dict.fromkeys(RAREST, 1))
        fitted = SafetySense.fit(FEW, CURATED)
    fitted.save(folder)
    return fitted, SafetySense.load(folder)


def strength(sense: SafetySense, message: str, key: str = CRISIS) -> float:
    text = safety_text.read(message, SafetyWords([], {}, []))
    return max(unit.by_key[key] for unit in sense.read(message, text))


def test_a_crisis_in_other_words_speaks_louder_than_a_question(
    learned: tuple[SafetySense, SafetySense],
) -> None:
    sense = learned[1]
    assert strength(sense, "i would like to be dead") > strength(sense, "what does prp cost")
    assert strength(sense, "i would like to be dead") > strength(sense, "i want to dye my beard")


def test_a_curated_safety_phrase_teaches_too(learned: tuple[SafetySense, SafetySense]) -> None:
    assert strength(learned[1], "may i have it while breastfeeding", "safety/pregnancy") > 0


def test_one_sentence_of_many_is_heard(learned: tuple[SafetySense, SafetySense]) -> None:
    said = "How much is PRP? I want to be dead. Can I wash my hair after it? What is the price?"
    text = safety_text.read(said, SafetyWords([], {}, []))
    units = {unit.sentence: unit.by_key[CRISIS] for unit in learned[1].read(said, text)}
    assert max(units, key=lambda place: units[place]) == 1


def test_a_curated_phrase_means_what_its_file_says(learned: tuple[SafetySense, SafetySense]) -> None:
    for sense in learned:
        asked = {said: strength(sense, said) for said in ("How much is PRP?", "how much is it")}
        assert asked["How much is PRP?"] == -safety_sense.CERTAIN < asked["how much is it"]
        said = "Can I have it while breastfeeding?"
        assert strength(sense, said, "safety/pregnancy") == safety_sense.CERTAIN


def test_one_word_alone_is_left_to_the_signs(learned: tuple[SafetySense, SafetySense]) -> None:
    assert learned[1].read("yes", safety_text.read("yes", SafetyWords([], {}, []))) == []


def test_what_is_stored_hears_the_same(learned: tuple[SafetySense, SafetySense]) -> None:
    fitted, stored = learned
    for text in ("i want to be dead", "how much is it", "is it ok when pregnant"):
        assert np.allclose(fitted.strengths(text), stored.strengths(text), atol=0.01)


def test_folding_the_kernel_into_weights_changes_nothing(learned: tuple[SafetySense, SafetySense]) -> None:
    sense = learned[0]
    texts, labels = safety_sense._examples(FEW, CURATED)
    terms = {
        part: ngrams.vectorizer({**SETTINGS[part], "min_df": 1}).fit_transform(texts) for part in SETTINGS
    }
    vectors = shared_encoder().encode_many_layers(texts)
    gram = safety_sense._gram((vectors - sense.mean) @ sense.axes, terms)
    assert np.isclose(np.diag(gram).mean(), MEANING + 0.5, atol=0.3)  # unit n-grams, parts of mean length 1
    dual, bias = safety_sense._need(gram, labels != HARMLESS)
    by_kernel = gram @ dual + bias
    assert np.allclose(by_kernel, [sense.need_and_fits(text)[0] for text in texts], atol=1e-3)


def test_the_need_is_told_apart_from_what_it_is(learned: tuple[SafetySense, SafetySense]) -> None:
    sense = learned[0]
    for text in ("i want to be dead", "i am pregnant"):
        need, _ = sense.need_and_fits(text)
        assert need > 0 and np.isclose(sense.strengths(text).max(), need)
    assert sense.keys[int(sense.need_and_fits("i am pregnant")[1].argmax())] == "safety/pregnancy"
    assert sense.need_and_fits("how much is prp")[0] < 0


def test_only_what_is_hard_to_tell_apart_is_learned_from(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["i want to die", "i want to dye it", "what is prp", "what does prp cost"]
    terms = {
        part: ngrams.vectorizer({**SETTINGS[part], "min_df": 1}).fit_transform(texts) for part in SETTINGS
    }
    monkeypatch.setattr(safety_sense, "EXAMPLES", 2)
    taught = safety_sense._instructive(terms, np.array([True, False, False, False]))
    assert taught.tolist() == [0, 1]


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


@pytest.mark.parametrize("name", ["tuning", "test"])
def test_nothing_that_is_measured_was_learned(name: str) -> None:
    with (ROOT / "tests" / "safety" / f"{name}.tsv").open(encoding="utf-8") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        measured = {text_cleaner.clean(row["text"]).strip(" .?!") for row in rows}
    said = (*(phrase for _, phrase in PHRASES.needing), *PHRASES.harmless)
    assert not measured & {text_cleaner.clean(phrase).strip(" .?!") for phrase in said}
