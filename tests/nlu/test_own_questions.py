"""The published test set names answers that exist and holds nothing that the bot was trained on."""

import fnmatch

from benchmarks.own_questions import NEAR, questions, said
from benchmarks.sources import own_phrases
from hair_answers.nlu.matcher import Match


def plain(text):
    return "".join(c for c in text.casefold() if c.isalnum() or c == " ").strip()


def test_every_pattern_names_an_answer():
    keys = {key for key, _ in own_phrases()}
    patterns = {p for row in questions() for p in row["keys"].split("|") if p != NEAR}
    assert [p for p in patterns if not fnmatch.filter(keys, p)] == []


def test_no_question_is_a_phrase():
    trained = {plain(phrase) for _, phrase in own_phrases()}
    assert [row["text"] for row in questions() if plain(row["text"]) in trained] == []


def test_every_topic_is_asked():
    topics = {key.partition("/")[0] for row in questions() for key in row["keys"].split("|")}
    assert {
        "causes", "therapy", "procedure", "results", "benefits", "drawbacks", "risks", "cost",
        "research", "regulation", "suitability", "providers", "alternatives", "about", "safety",
    } <= topics  # fmt: skip


def test_follow_up_counts_as_what_it_is_answered_with():
    assert said(Match((("follow_up/pain", 0.9),), 0.9, "answer")).key == "procedure/pain"
    assert said(Match((("follow_up/more", 0.9),), 0.9, "answer")).key == "follow_up/more"
