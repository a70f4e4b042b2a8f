"""The speller repairs slips and leaves alone what people write on purpose."""

from pathlib import Path

import pytest
import yaml

from hair_answers.nlu import encoder, text_cleaner
from hair_answers.nlu.speller import Speller

ROOT = Path(__file__).resolve().parents[2]


def project_phrases():
    for path in sorted((ROOT / "data").rglob("*.yml")):
        for entry in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("nlu") or ():
            if "intent" in entry:
                yield from (text_cleaner.clean(line[2:]) for line in entry["examples"].splitlines() if line)


def names():
    """The names of data/nlu/entities.yml: causes, drugs, brands, studies, places."""
    data = yaml.safe_load((ROOT / "data/nlu/entities.yml").read_text(encoding="utf-8"))
    for entry in data["nlu"]:
        yield from (line[2:].strip().lower() for line in entry.get("examples", "").splitlines() if line)


@pytest.fixture(scope="module")
def speller():
    vocabulary = encoder.VOCABULARY.read_text(encoding="utf-8").splitlines()
    return Speller(vocabulary, project_phrases(), names())


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("tranplant", "transplant"),
        ("tratment", "treatment"),
        ("chemotherepy", "chemotherapy"),
        ("finasteridde", "finasteride"),
        ("minoxidill", "minoxidil"),
        ("alopeica", "alopecia"),
        ("expensiev", "expensive"),
        ("hairtransplant", "hair transplant"),
        ("howmuch", "how much"),
        ("doesit", "does it"),
        ("howmuchisit", "how much is it"),
        ("stemcelltherapy", "stem cell therapy"),
    ],
)
def test_slips_are_repaired(speller, typed, meant):
    assert speller.repair_word(typed) == meant


@pytest.mark.parametrize(
    "word",
    "prp svf fue dht ffa a1c hair hairs propecia rogaine regaine "
    "finasteride dutasteride spironolactone minoxidil baricitinib ritlecitinib deuruxolitinib exosomes "
    "trichotillomania microneedling".split(),
)
def test_words_written_on_purpose_are_kept(speller, word):
    assert speller.repair(word) == word


def test_every_name_is_kept(speller):
    changed = {name: speller.repair(name) for name in names() if speller.repair(name) != name}
    assert changed == {}


@pytest.mark.parametrize(
    ("british", "american"),
    [
        ("anaemia", "anemia"),
        ("oestrogen", "estrogen"),
        ("paediatric", "pediatric"),
        ("grey colour", "gray color"),
    ],
)
def test_both_spellings_are_read_as_one(speller, british, american):
    assert (
        speller.repair(text_cleaner.clean(british))
        == speller.repair(text_cleaner.clean(american))
        == american
    )


def test_common_english_is_kept(speller):
    for word in "would should because during whether anybody scalp doctor pregnant thyroid".split():
        assert speller.repair(word) == word


def test_repair_is_deterministic_and_local(speller):
    text = "does a tranplant hurt, or is finasteridde enough"
    assert speller.repair(text) == speller.repair(text) == "does a transplant hurt, or is finasteride enough"
