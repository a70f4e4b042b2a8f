"""Other languages are told from English; no English question is taken for foreign."""

from pathlib import Path

import pytest
import yaml

from hair_answers.nlu.language_guess import is_other_script, shared_guess
from hair_answers.nlu.text_cleaner import plain_characters

ROOT = Path(__file__).resolve().parents[2]
OTHER_LANGUAGE = "out_of_scope/other_language"


def phrases(wanted):
    for path in sorted((ROOT / "data").rglob("*.yml")):
        for entry in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("nlu") or ():
            if "intent" in entry and (entry["intent"] == OTHER_LANGUAGE) == wanted:
                yield from (line[2:].strip() for line in entry["examples"].splitlines() if line.strip())


def test_no_english_phrase_of_the_project_is_foreign():
    alarms = [phrase for phrase in phrases(False) if shared_guess().is_foreign(plain_characters(phrase))]
    assert alarms == []


@pytest.mark.parametrize(
    "text",
    [
        "frontal fibrosing alopecia lichen planopilaris",
        "alopecia areata universalis totalis",
        "tinea capitis ketoconazole griseofulvin",
        "wich vitmins r gud 4 hare",
        "hai can u plz tel me wat iz da prise 4 prp",
        "minoxidil finasteride dutasteride spironolactone",
        "asdf qwer zxcv uiop",
        "🙂🙂🙂 🙏",
        "1 2 3 4",
        "?!",
        "",
    ],
)
def test_terms_slips_and_noise_are_not_foreign(text):
    assert not shared_guess().is_foreign(text)


@pytest.mark.parametrize(
    "text",
    [
        "tengo entradas y quiero saber si esto funciona",
        "est-ce que la greffe de cheveux est douloureuse",
        "wie lange dauert es bis die haare wieder wachsen",
        "dopo quanto tempo ricrescono i capelli",
        "quanto tempo demora para o cabelo crescer",
        "hoe lang duurt het voor mijn haar terug groeit",
        "saç ekimi ne kadar sürer ve acıtır mı",
        "jak długo trwa leczenie łysienia",
        "alopecia: у меня выпадают волосы на голове",
        "هل العلاج مؤلم",
        "治疗痛吗",
    ],
)
def test_other_languages_are_foreign(text):
    assert shared_guess().is_foreign(text)


def test_most_of_the_listed_phrases_are_recognised():
    listed = list(phrases(True))
    assert sum(shared_guess().is_foreign(plain_characters(phrase)) for phrase in listed) >= 0.9 * len(listed)


def test_a_foreign_letter_in_english_changes_nothing():
    assert not is_other_script("is 5α-reductase to blame")
    assert not is_other_script("Müller's café naïve")
    assert is_other_script("волосы")
