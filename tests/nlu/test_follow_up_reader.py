"""A few words mean one thing, whatever they resemble."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from hair_answers.nlu.entity_finder import NameFinder
from hair_answers.nlu.follow_up_reader import plain_meaning

ENTITIES = Path(__file__).resolve().parents[2] / "data" / "nlu" / "entities.yml"
ROWS = yaml.safe_load(ENTITIES.read_text(encoding="utf-8"))["nlu"]
FINDER = NameFinder(
    {row["lookup"]: [line.strip()[2:] for line in row["examples"].splitlines()] for row in ROWS}
)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("step 3", "follow_up/ordinal"),
        ("the second one", "follow_up/ordinal"),
        ("what about the last one?", "follow_up/ordinal"),
        ("and for pattern baldness?", "follow_up/new_subject"),
        ("what about chemo", "follow_up/new_subject"),
        ("how about fat cells", "follow_up/new_subject"),
        ("what about women", "follow_up/women"),
        ("and the cost?", "follow_up/cost"),
        ("prp vs minoxidil", "follow_up/compare"),
        ("is prp better than exosomes", "follow_up/compare"),
        ("is it better than a transplant", "follow_up/compare"),
        ("stress or alopecia areata?", "follow_up/compare"),
        ("any studies on women?", "follow_up/studies"),
        ("trials with bone marrow", "follow_up/studies"),
        ("the biggest study", "follow_up/studies"),
        ("placebo-controlled ones", "follow_up/studies"),
        ("any trials on alopecia areata", "follow_up/studies"),
        ("what did gentile do", "follow_up/studies"),
        ("what did Tak find?", "research/adipose_study"),
        ("does it work?", "follow_up/effectiveness"),
    ],
)
def test_plain_meaning(text: str, key: str) -> None:
    assert plain_meaning(text, [(name.kind, name.value) for name in FINDER.find(text)]) == key


@pytest.mark.parametrize(
    "text",
    [
        "does prp hurt",
        "and does prp hurt",
        "can i use minoxidil and finasteride together",
        "what is a hair transplant",
        "is one session enough",
        "how much does a transplant cost",
        "my first visit was last week and it hurt a lot",
        "how many people were in the tak study",
        "what is the best shampoo",
    ],
)
def test_the_rest_is_left_to_the_matcher(text: str) -> None:
    assert plain_meaning(text, [(name.kind, name.value) for name in FINDER.find(text)]) is None
