import json
import shutil
import time
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import yaml

from hair_answers.knowledge.library import Library
from hair_answers.operations import review
from hair_answers.operations.clusters import Cluster, cluster, unanswered
from hair_answers.operations.forget import forget
from hair_answers.operations.insights import page
from hair_answers.operations.outbox import shared_outbox
from hair_answers.operations.training import ROOT
from hair_answers.operations.turns import read_turns, turns
from hair_answers.storage.database import TABLE, Address, make_engine, prepare
from hair_answers.storage.tracker_store import row_of

NOW = time.time()


def user(text, when=NOW, key="cost/price"):
    parsed = {"answer_ranking": [{"key": key, "confidence": 0.4}]}
    return {
        "event": "user",
        "timestamp": when,
        "text": text,
        "input_channel": "website",
        "parse_data": parsed,
    }


def bot(answer, tier=None):
    told = {"answer": answer, **({"safety": {"tier": tier}} if tier is not None else {})}
    return {"event": "bot", "timestamp": NOW, "text": "words", "metadata": {"metadata": told}}


@pytest.fixture
def engine(tmp_path):
    engine = make_engine(Address(db=str(tmp_path / "chat.db")))
    prepare(engine)
    events = [
        ("a", user("what does it cost")), ("a", bot("cost/price")),
        ("a", user("can i pay with seashells")), ("a", bot("fallback/rephrase")),
        ("b", user("Can I pay with  seashells")), ("b", bot("fallback/did_you_mean")),
        ("b", user("my scalp burns")), ("b", bot("safety/urgent", 1)),
        ("c", user("<script>alert(1)</script> is no answer")), ("c", bot("fallback/rephrase")),
    ]  # fmt: skip
    with engine.begin() as connection:
        connection.execute(TABLE.insert(), [row_of(sender, event) for sender, event in events])
    return engine


def encode(texts):
    """Questions with the word seashells mean one thing, the others something else."""
    return np.array([[1.0, 0.01 * n] if "seashells" in text else [0.0, 1.0] for n, text in enumerate(texts)])


def test_turns_carry_their_outcome_and_a_pseudonym(engine, monkeypatch):
    found = read_turns(engine, [], 1)
    assert [turn.outcome for turn in found] == ["answered", "unanswered", "offered", "answered", "unanswered"]
    assert found[3].tier == 1
    assert {turn.conversation for turn in found}.isdisjoint({"a", "b", "c"})


def test_a_turn_without_words_of_the_bot_has_failed():
    assert [
        turn.outcome for turn in turns([("a", user("hello")), ("a", user("hello?")), ("a", bot("x/y"))])
    ] == [
        "failed",
        "answered",
    ]


def test_unanswered_questions_are_gathered_by_meaning(engine):
    found = cluster(unanswered(read_turns(engine, [], 1)), encode)
    assert (found[0].count, found[0].people, found[0].suggestion) == (2, 2, "cost/price")
    assert len(found) == 2


def test_the_page_is_self_contained_and_shows_no_markup_of_people(engine):
    found = read_turns(engine, [], 1)
    opinions = [{"answer": "cost/price", "rating": "down", "reason": "unclear"}]
    titles = {"cost/price": "Price"}
    now = datetime.now(timezone.utc)
    text = page(found, cluster(unanswered(found), encode), opinions, titles, 7, ZoneInfo("UTC"), now)
    assert "<script" not in text and "&lt;script&gt;" in text
    assert "http://" not in text and "https://" not in text and "src=" not in text
    for shown in ("tier 1", "Price", "unclear 1", "seashells", "website"):
        assert shown in text


def test_an_empty_month_still_makes_a_page():
    text = page([], [], [], {}, 30, ZoneInfo("UTC"), datetime.now(timezone.utc))
    assert "Nothing yet." in text


@pytest.fixture
def project(tmp_path):
    shutil.copytree(ROOT / "data" / "faq", tmp_path / "data" / "faq")
    return tmp_path


def test_accepting_teaches_the_phrase_and_its_test_and_changes_nothing_else(project):
    before = {path.name: path.read_text() for path in (project / "data" / "faq").glob("*.yml")}
    asked = Cluster(("can i pay with seashells", "my name is [NAME] can i pay"), 3, 2, "cost/price")
    counts = review.walk(project, [asked], Library.default(), lambda _: "")
    assert counts == {"taught": 1, "wanted": 0, "rejected": 0}
    after = {path.name: path.read_text() for path in (project / "data" / "faq").glob("*.yml")}
    changed = [name for name in before if before[name] != after[name]]
    assert changed == ["cost.yml"]
    added = set(after["cost.yml"].splitlines()) - set(before["cost.yml"].splitlines())
    assert added == {"    - can i pay with seashells"}
    assert yaml.safe_load((project / review.REGRESSIONS).read_text()) == {
        "can i pay with seashells": "cost/price"
    }


def test_decisions_are_remembered_and_wrong_keys_asked_again(project, capsys):
    clusters = [Cluster(("one thing asked",), 1, 1, ""), Cluster(("another thing",), 1, 1, "")]
    replies = iter(["no/such_key", "n", "r"])
    counts = review.walk(project, clusters, Library.default(), lambda _: next(replies))
    assert counts == {"taught": 0, "wanted": 1, "rejected": 1}
    assert "no answer's key" in capsys.readouterr().out
    assert review.decided(project / review.DECISIONS) == {"one thing asked", "another thing"}
    assert json.loads((project / review.WANTED).read_text())["question"] == "one thing asked"


def test_a_phrase_cannot_carry_markup_into_the_training_data():
    assert review.plain("- [word](entity) {slot}\n| two") == "word entity slot two"


def test_forget_says_what_went_and_what_is_left(engine, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("HAIR_ANSWERS_OUTBOX", f"sqlite:///{tmp_path / 'outbox.db'}")
    shared_outbox().submit("a", "Ada", "ada@clinic.example", "call_back")
    endpoints = tmp_path / "endpoints.yml"
    kind = "hair_answers.storage.tracker_store.PrivateTrackerStore"
    endpoints.write_text(f"tracker_store: {{type: {kind}, dialect: sqlite, db: {tmp_path / 'chat.db'}}}\n")
    assert forget(["--endpoints", str(endpoints), "a"]) == 0
    said = capsys.readouterr().out
    assert "4 rows erased, 0 left" in said
    assert "1 call-back requests" in said
    assert shared_outbox().requests() == []
    assert len({turn.conversation for turn in read_turns(engine, [], 1)}) == 2
