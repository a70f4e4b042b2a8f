import json
import sqlite3

import pytest
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    BotUttered,
    SessionStarted,
    SlotSet,
    UserUttered,
)

from hair_answers.storage.tracker_store import HISTORY, PrivateTrackerStore

DOMAIN = Domain.from_yaml(
    """
version: "3.1"
intents: [ask]
entities: [reach]
slots:
  contact_name: {type: text, influence_conversation: false, mappings: [{type: custom}]}
  subject: {type: text, influence_conversation: false, mappings: [{type: custom}]}
forms:
  contact_form: {required_slots: [contact_name]}
"""
)
DONE = BotUttered("Done.", metadata={"metadata": {"answer": "privacy_request/erase_now"}})
MAIL, PHONE, NAME = "jane.doe@example.com", "+44 20 7946 0958", "Jane Doe"


class Broker:
    def __init__(self):
        self.events = []

    def publish(self, event):
        self.events.append(event)


@pytest.fixture
def store(tmp_path):
    return PrivateTrackerStore(DOMAIN, db=str(tmp_path / "chat.db"), event_broker=Broker())


def rows(tmp_path):
    with sqlite3.connect(tmp_path / "chat.db") as connection:
        return [json.loads(row[0]) for row in connection.execute("SELECT data FROM events ORDER BY id")]


def turn(text, answer="Plain answer."):
    parse = {
        "text": text,
        "intent": {"name": "ask", "confidence": 1.0},
        "entities": [{"entity": "reach", "value": text}],
    }
    return [
        UserUttered(text, {"name": "ask"}, parse_data=parse),
        ActionExecuted("utter_ask"),
        BotUttered(answer, metadata={"metadata": {"answer": "about/privacy"}}),
        ActionExecuted("action_listen"),
    ]


async def say(store, sender, *events):
    tracker = await store.get_or_create_tracker(sender)
    for event in events:
        tracker.update(event)
    await store.save(tracker)
    return tracker


async def test_nothing_that_names_a_person_reaches_the_database_or_the_broker(store, tmp_path):
    text = f"my name is {NAME}, mail {MAIL} or call {PHONE}"
    await say(store, "s", *turn(text, f"I wrote down {MAIL} for {NAME}."), SlotSet("subject", MAIL))
    for kept in (json.dumps(rows(tmp_path)), json.dumps(store.event_broker.events)):
        assert "[EMAIL]" in kept
        for secret in (MAIL, PHONE, NAME, "7946"):
            assert secret not in kept


async def test_a_form_keeps_its_contact_for_the_turns_it_needs_and_stores_none(store, tmp_path):
    form = [ActiveLoop("contact_form"), SlotSet("requested_slot", "contact_name")]
    await say(store, "s", *turn("please call me back"), *form)
    await say(
        store, "s", *turn("it's zelda", "Thank you, it's zelda."), SlotSet("contact_name", "it's zelda")
    )
    tracker = await store.retrieve("s")
    assert tracker.get_slot("contact_name") == "it's zelda"
    assert "zelda" not in json.dumps(rows(tmp_path))


async def test_a_long_conversation_loads_a_bounded_history_with_its_slots_and_its_form(store):
    await say(store, "s", SessionStarted(), SlotSet("subject", "prp"), ActiveLoop("contact_form"))
    for number in range(40):
        await say(store, "s", *turn(f"question {number}"))
    tracker = await store.retrieve("s")
    assert len(tracker.events) <= HISTORY + 3
    assert tracker.get_slot("subject") == "prp"
    assert tracker.active_loop_name == "contact_form"
    assert tracker.latest_message.text == "question 39"
    full = await store.retrieve_full_tracker("s")
    assert sum(isinstance(event, UserUttered) for event in full.events) == 40


async def test_events_are_stored_once_and_in_order(store, tmp_path):
    for number in range(30):
        await say(store, "s", *turn(f"question {number}"))
    said = [row["text"] for row in rows(tmp_path) if row["event"] == "user"]
    assert said == [f"question {number}" for number in range(30)]


async def test_erasing_leaves_no_row_and_no_trace_in_the_file(store, tmp_path):
    await say(store, "s", *turn("does minoxidil help"))
    await say(store, "other", *turn("what is prp"))
    assert await store.erase("s") > 0
    assert await store.retrieve("s") is None
    assert await store.retrieve("other") is not None
    assert store.event_broker.events[-1]["event"] == "erased"
    with sqlite3.connect(tmp_path / "chat.db") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"minoxidil" not in (tmp_path / "chat.db").read_bytes()


async def test_the_turn_that_erases_is_not_stored_either(store, tmp_path):
    await say(store, "s", *turn("does minoxidil help"))
    await say(store, "s", *turn("delete my data"), ActionExecuted("action_delete_conversation"), DONE)
    assert rows(tmp_path) == []


async def test_a_conversation_erased_during_a_turn_stays_erased(store, tmp_path):
    await say(store, "s", *turn("does minoxidil help"))
    tracker = await store.retrieve("s")
    await store.erase("s")
    for event in turn("and prp"):
        tracker.update(event)
    await store.save(tracker)
    assert rows(tmp_path) == []


async def test_a_value_error_does_not_end_the_server(store):
    with pytest.raises(ValueError, match="odd"), store.session_scope():
        raise ValueError("odd")


async def test_what_is_said_while_the_database_is_away_is_kept_and_written_once(store, tmp_path, monkeypatch):
    await say(store, "s", *turn("first"))
    works = PrivateTrackerStore._transact

    def broken(self, work):
        raise OSError("no space left on device")

    monkeypatch.setattr(PrivateTrackerStore, "_transact", broken)
    tracker = await say(store, "s", *turn("second"))
    assert tracker.latest_message.text == "second"
    assert [event.text for event in tracker.events if isinstance(event, UserUttered)] == ["first", "second"]
    assert store.is_away
    monkeypatch.setattr(PrivateTrackerStore, "_transact", works)
    await store._retry
    await say(store, "s", *turn("third"))
    assert [row["text"] for row in rows(tmp_path) if row["event"] == "user"] == ["first", "second", "third"]
    assert not store.is_away


async def test_an_event_that_cannot_be_made_private_is_dropped_not_leaked(store, tmp_path, monkeypatch):
    def fails(*_):
        raise RuntimeError(MAIL)

    monkeypatch.setattr("hair_answers.storage.tracker_store.private_events", fails)
    await say(store, "s", *turn(f"mail {MAIL}"))
    assert rows(tmp_path) == []
    assert store.event_broker.events == []


async def test_what_a_person_told_the_guided_check_is_not_kept(store, tmp_path):
    summary = BotUttered("You said: bald patches.", metadata={"metadata": {"answer": "x", "private": True}})
    await say(store, "check", *turn("start the check"), summary)
    assert "bald patches" not in json.dumps(rows(tmp_path))


async def test_an_event_that_the_database_refuses_holds_up_no_other(store, tmp_path):
    await say(store, "a\ud800", *turn("what is prp"))
    await say(store, "b", *turn("what is prp"))
    assert store.queue_depth == 0 and not store.is_away
    with sqlite3.connect(tmp_path / "chat.db") as connection:
        assert [row[0] for row in connection.execute("SELECT DISTINCT sender_id FROM events")] == ["b"]
