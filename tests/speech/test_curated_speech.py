"""The speaking step: provenance, the clock, chips, misses, safety, and text nobody can format."""

import ast
from datetime import date, timedelta
from pathlib import Path

import pytest

from hair_answers.speech.curated_speech import STARTERS
from hair_answers.speech.wording import NONE_OF_THESE, PLAIN_CHANNELS, fill

ROOT = Path(__file__).resolve().parents[2]
KEY = "causes/alopecia_areata"
NAME = f"utter_{KEY}"
ONE_DAY = timedelta(days=1)
MISS = {"intent": {"name": "did_you_mean", "confidence": 0.4}}
RANKING = [
    {"key": "small_talk/no_such", "confidence": 0.4},
    {"key": KEY, "confidence": 0.3},
    {"key": "causes/stress", "confidence": 0.2},
    {"key": "causes/overview", "confidence": 0.1},
    {"key": "procedure/overview", "confidence": 0.1},
]


def payloads(message):
    return [button["payload"] for button in message.get("buttons", ())]


# Answers and their provenance -----------------------------------------------------------------------------------


def test_an_answer_carries_its_provenance(conversation, library):
    message, answer = conversation.says(NAME), library.answers[KEY]
    metadata = message["metadata"]
    assert metadata["answer"] == KEY
    assert metadata["title"] == answer.title
    assert metadata["reviewed"] == answer.reviewed.isoformat()
    assert [source["key"] for source in metadata["sources"]] == list(answer.sources)
    assert payloads(message) == [f"/{key}" for key in answer.related]


@pytest.mark.parametrize("channel", sorted(PLAIN_CHANNELS))
def test_plain_channels_read_the_source_line_in_the_text(conversation, channel):
    message = conversation.says(NAME, channel)
    assert message["text"].endswith("\n\n" + message["metadata"]["source_line"])


@pytest.mark.parametrize("channel", ["website", "slack", "telegram"])
def test_rich_channels_draw_the_source_line_themselves(conversation, channel):
    message = conversation.says(NAME, channel)
    assert message["metadata"]["source_line"]
    assert message["metadata"]["source_line"] not in message["text"]


def test_copies_of_official_texts_are_named_without_a_link(conversation, library):
    hidden = {key for key, source in library.sources.items() if not source.shown}
    key = next(key for key, answer in library.answers.items() if hidden & set(answer.sources))
    for source in conversation.says(f"utter_{key}")["metadata"]["sources"]:
        known = library.sources[source["key"]]
        assert source["url"] == (known.url if known.shown and known.url else None)
        assert source["title"] == known.title


def test_an_answer_without_sources_has_no_source_line(conversation, library):
    key = next(
        key for key, answer in library.answers.items() if not answer.sources and answer.topic == "about"
    )
    message = conversation.says(f"utter_{key}", "rest")
    assert message["metadata"]["source_line"] == ""
    assert message["metadata"]["sources"] == []


def test_unknown_names_are_left_to_rasa(conversation):
    assert conversation.says("utter_no_such_thing") is None


# The clock ------------------------------------------------------------------------------------------------------


def test_the_last_day_of_a_review_says_nothing(conversation, library):
    conversation.today = library.answers[KEY].next_review + timedelta(days=library.clinic.warn_after_due_days)
    message = conversation.says(NAME)
    assert "review_overdue" not in message["metadata"]
    assert library.voice["utter_review_overdue"].text not in message["text"]


def test_the_day_after_says_that_the_review_is_late(conversation, library):
    late = library.answers[KEY].next_review + timedelta(days=library.clinic.warn_after_due_days) + ONE_DAY
    conversation.today = late
    message = conversation.says(NAME)
    assert message["metadata"]["review_overdue"] is True
    assert message["text"].endswith(library.voice["utter_review_overdue"].text)
    assert library.answers[KEY].text.split("\n")[0][:40] in message["text"]


def test_long_past_its_review_an_answer_is_withheld(conversation, library):
    limit = library.answers[KEY].next_review + timedelta(days=library.clinic.withhold_after_due_days)
    conversation.today = limit
    assert "withheld" not in conversation.says(NAME)["metadata"]
    conversation.today = limit + ONE_DAY
    message = conversation.says(NAME, "rest")
    assert message["metadata"]["withheld"] is True
    assert message["metadata"]["answer"] == KEY
    assert message["metadata"]["sources"] == []
    assert "buttons" not in message
    assert library.answers[KEY].text[:40] not in message["text"]
    assert library.clinic.placeholders()["clinic_name"] in message["text"]


def test_an_overdue_answer_keeps_its_placeholders_filled(conversation, library):
    conversation.today = date(2100, 1, 1)
    assert "{" not in conversation.says(NAME)["text"]


# Did you mean, misses -------------------------------------------------------------------------------------------


def test_did_you_mean_offers_three_known_answers_and_none_of_these(conversation):
    message = conversation.hears("hair thing", answer_ranking=RANKING, **MISS).says("utter_did_you_mean")
    assert message["metadata"]["answer"] == "fallback/did_you_mean"
    assert message["metadata"]["candidates"] == [KEY, "causes/stress", "causes/overview"]
    assert payloads(message) == [f"/{KEY}", "/causes/stress", "/causes/overview", NONE_OF_THESE]


def test_a_second_offer_in_a_row_offers_a_person_too(conversation, library):
    conversation.said("fallback/did_you_mean", candidates=[KEY])
    conversation.hears("other thing", answer_ranking=RANKING, **MISS)
    message = conversation.says("utter_did_you_mean")
    assert payloads(message)[0] == "/handoff/person"
    assert library.voice["utter_second_offer"].text in message["text"]


def test_nothing_to_offer_asks_for_other_words(conversation):
    message = conversation.hears("?", answer_ranking=[], **MISS).says("utter_did_you_mean")
    assert message["metadata"]["answer"] == "fallback/rephrase"


def test_the_first_miss_asks_and_the_second_points_to_a_person(conversation, library):
    first = conversation.hears("blorp", intent={"name": "rephrase", "confidence": 0.1}).says("utter_rephrase")
    assert first["text"] == library.voice["utter_rephrase"].text.strip()
    assert payloads(first) == [f"/{key}" for key in STARTERS]
    conversation.said("fallback/rephrase").hears("wuzzle", intent={"name": "rephrase", "confidence": 0.1})
    second = conversation.says("utter_rephrase")
    assert second["text"] == library.voice["utter_second_miss"].text.strip()
    assert payloads(second)[0] == "/handoff/person"
    assert second["metadata"]["answer"] == "fallback/rephrase"


def test_an_answer_between_two_misses_starts_afresh(conversation, library):
    conversation.said("fallback/rephrase").hears("what is it").said(KEY)
    conversation.hears("blorp", intent={"name": "rephrase", "confidence": 0.1})
    assert conversation.says("utter_rephrase")["text"] == library.voice["utter_rephrase"].text.strip()


def test_yes_takes_up_the_one_offer_and_no_asks_again(conversation):
    conversation.said("fallback/did_you_mean", candidates=[KEY])
    small_talk = {"intent": {"name": "small_talk", "confidence": 0.9}}
    yes = conversation.hears("yes", **small_talk).says("utter_small_talk/affirm")
    assert yes["metadata"]["answer"] == KEY
    no = conversation.says("utter_small_talk/deny")
    assert no["metadata"]["answer"] == "fallback/rephrase"


def test_yes_to_several_offers_asks_which(conversation):
    conversation.said("fallback/did_you_mean", candidates=[KEY, "causes/stress"])
    conversation.hears("yes", intent={"name": "small_talk", "confidence": 0.9})
    message = conversation.says("utter_small_talk/affirm")
    assert message["metadata"]["candidates"] == [KEY, "causes/stress"]
    assert message["metadata"]["answer"] == "fallback/did_you_mean"


# Steps ----------------------------------------------------------------------------------------------------------


def test_the_procedure_shows_its_steps(conversation, library):
    keys = list(library.answers["procedure/overview"].lists)
    overview = conversation.says("utter_procedure/overview")["metadata"]["steps"]
    assert (overview["current"], overview["keys"]) == (None, keys)
    assert overview["titles"] == [library.answers[key].title for key in keys]
    for place, key in enumerate(keys, 1):
        assert conversation.says(f"utter_{key}")["metadata"]["steps"]["current"] == place
    assert "steps" not in conversation.says(NAME)["metadata"]


# Safety ---------------------------------------------------------------------------------------------------------


def of_tier(library, tier, again=False):
    return next(
        answer
        for answer in library.answers.values()
        if answer.topic == "safety"
        and answer.extra.get("tier") == tier
        and (answer.extra.get("again") or not again)
    )


@pytest.mark.parametrize("tier", [0, 1])
def test_urgent_answers_carry_the_regions_help_lines(conversation, library, tier):
    answer = of_tier(library, tier)
    message = conversation.says(answer.response)
    assert message["metadata"]["safety"]["tier"] == tier
    lines = [(line.name, line.number) for line in library.clinic.helplines()]
    assert [(line["name"], line["number"]) for line in message["metadata"]["helplines"]] == lines
    assert lines


def test_the_most_urgent_answers_come_without_chips(conversation, library):
    for answer in library.answers.values():
        if answer.topic == "safety" and answer.extra.get("tier") == 0:
            assert "buttons" not in conversation.says(answer.response), answer.key


def test_a_mild_safety_answer_keeps_its_chips_and_no_help_lines(conversation, library):
    message = conversation.says(of_tier(library, 2).response)
    assert "helplines" not in message["metadata"]
    assert message["buttons"]


def test_a_repeated_safety_answer_is_worded_differently(conversation, library):
    answer = of_tier(library, 0, again=True)
    first = conversation.says(answer.response)["text"]
    conversation.said(answer.key).hears("i still feel like this")
    second = conversation.says(answer.response)["text"]
    assert second != first
    assert second == fill(str(answer.extra["again"]), library.clinic.placeholders()).strip()


def test_the_question_beside_a_danger_is_offered_not_lost(conversation, library):
    for tier, chips in ((0, []), (1, [f"/{KEY}"])):  # in an emergency no button leads away from help
        answer = of_tier(library, tier)
        conversation.hears("…", safety={"rule": "x", "tier": tier, "key": answer.key, "question": KEY})
        message = conversation.says(answer.response)
        assert payloads(message)[:1] == chips
        assert message["metadata"]["candidates"] == [KEY]
        assert library.answers[KEY].title in message["text"]


# Nobody formats our text ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    ["{clinic_phone}", "{0}", "{__class__.__mro__}", "{values}", "%s", "{{7*7}}", "{clinic_name!r:>99}"],
)
def test_what_a_person_types_is_never_formatted(typed):
    assert fill("You said {said}.", {"said": typed, "clinic_phone": "1"}) == f"You said {typed}."


def test_unknown_placeholders_stay_as_they_are():
    assert fill("{known} {unknown} {", {"known": "a"}) == "a {unknown} {"


def test_the_clinics_details_win_over_a_caller(conversation, library):
    key = next(key for key, answer in library.answers.items() if "{clinic_phone}" in answer.text)
    message = conversation.says(f"utter_{key}", clinic_phone="0900 FRAUD")
    assert "FRAUD" not in message["text"]
    assert library.clinic.placeholders()["clinic_phone"] in message["text"]


def test_no_answer_leaves_a_placeholder_unfilled(conversation, library):
    unfilled = {
        key: text
        for key, answer in library.answers.items()
        for text in (conversation.says(answer.response)["text"],)
        if "{" in text
    }
    assert unfilled == {}


def test_every_line_that_code_speaks_exists(library):
    """A name that the code asks for and no file holds ends a turn without an answer."""
    known = {*library.voice, *(answer.response for answer in library.answers.values())}
    missing = set()
    for folder in ("hair_answers", "actions"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                name = node.value if isinstance(node, ast.Constant) else None
                if (
                    isinstance(name, str)
                    and name.isidentifier()
                    and name.startswith("utter_")
                    and name != "utter_"
                ):
                    missing |= {(path.name, name)} - {(path.name, known_name) for known_name in known}
    # The key Rasa's response selector uses, and the beginning of a form's questions.
    assert {(file, name) for file, name in missing if name not in ("utter_action", "utter_ask_")} == set()
