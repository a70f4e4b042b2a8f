"""What the gate learned by example: its phrases are its own, and what it learned survives being stored."""

import csv
from pathlib import Path

import numpy as np
import pytest

from hair_answers.nlu import safety_rules, safety_sense, safety_text
from hair_answers.nlu.encoder import shared_encoder
from hair_answers.nlu.safety_sense import SafetyPhrases, SafetySense
from hair_answers.nlu.safety_text import SafetyWords

ROOT = Path(__file__).parents[2]
PHRASES = SafetyPhrases.load()
CRISIS, HARMLESS = "i do not want to be alive", "i want to dye my hair"


@pytest.fixture(scope="module")
def sense(tmp_path_factory: pytest.TempPathFactory) -> SafetySense:
    """A sense of a few phrases, stored and read again."""
    few = SafetyPhrases(tuple(("safety/self_harm", p) for p in (CRISIS, "i want to be dead")), (HARMLESS,))
    others = ["how much is prp", "can i wash my hair"]
    folder = tmp_path_factory.mktemp("sense")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(safety_sense, "CACHE", folder / "cache.npz")  # the project's own is left alone
        SafetySense.fit(few, ["x/y"] * 2, np.stack([shared_encoder().encode(p) for p in others])).save(folder)
    return SafetySense.load(folder)


def likelihood(sense: SafetySense, message: str) -> float:
    text = safety_text.read(message, SafetyWords([], {}, []))
    return max(alarm.likelihood for alarm in sense.alarms(message, text))


def test_a_crisis_in_other_words_is_likelier_than_a_question(sense: SafetySense) -> None:
    assert likelihood(sense, "i would like to be dead") > 0.5 > likelihood(sense, "what does prp cost")


def test_one_sentence_of_many_is_heard(sense: SafetySense) -> None:
    said = "How much is PRP? I do not want to be alive. Can I wash my hair after it? What is the price?"
    assert likelihood(sense, said) > 0.5


def test_no_phrase_is_both_and_every_key_has_an_urgent_rule() -> None:
    needing = {phrase for _, phrase in PHRASES.needing}
    assert not needing & set(PHRASES.harmless)
    urgent = {rule.key for rule in safety_rules.load().rules if rule.tier in (0, 1)}
    assert {key for key, _ in PHRASES.needing} <= urgent


@pytest.mark.parametrize("name", ["test", "blind", "blind2"])
def test_nothing_that_is_measured_was_learned(name: str) -> None:
    with (ROOT / "tests" / "safety" / f"{name}.tsv").open(encoding="utf-8") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        measured = {row["text"].lower().strip(" .?!") for row in rows}
    learned = {phrase.lower() for _, phrase in PHRASES.needing} | {p.lower() for p in PHRASES.harmless}
    assert not measured & learned
