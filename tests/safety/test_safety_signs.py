"""The reviewed signs: what they find, what they leave alone, and what a faulty rule file says."""

import csv
from pathlib import Path

import pytest
import yaml

from hair_answers.nlu import safety_rules
from hair_answers.nlu.safety_reader import SafetyReader
from hair_answers.nlu.safety_rules import SafetyRuleError, parse

ROOT = Path(__file__).parents[2]
URGENT_RULES = {"R01", "R02", "R04"}


@pytest.fixture(scope="module")
def reader() -> SafetyReader:
    return SafetyReader(safety_rules.load())


def rows(half: str) -> list[dict[str, str]]:
    with (ROOT / "tests" / "safety" / f"{half}.tsv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def fired(reader: SafetyReader, text: str) -> list[str]:
    return [finding.rule.rule for finding in reader.read(text).findings]


def test_the_test_set_is_large_enough_and_its_halves_share_nothing() -> None:
    tuning, test = rows("tuning"), rows("test")
    assert len(tuning) + len(test) >= 400
    assert sum(row["kind"] == "negative" for row in tuning + test) >= 200
    assert not {row["text"].lower() for row in tuning} & {row["text"].lower() for row in test}
    known = {rule.rule for rule in safety_rules.load().rules}
    assert {row["rule"] for row in tuning + test if row["kind"] != "negative"} >= known


@pytest.mark.parametrize("row", [r for r in rows("signs") if r["rule"] in URGENT_RULES and r["kind"] == "direct"],
                         ids=lambda row: row["text"][:40])  # fmt: skip
def test_direct_emergencies_need_no_model(reader: SafetyReader, row: dict[str, str]) -> None:
    found = reader.read(row["text"]).findings
    assert found and found[0].rule.tier == 0


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("I want to die", "R01"),
        ("I just really want to fucking die", "R01"),
        ("i dont want to live", "R01"),
        ("my brother says he wants to kill himself", "R01"),
        ("I am not joking, I want to die", "R01"),
        ("i do not know why but i want to die", "R01"),
        ("I WANT TO D I E", "R01"),
        ("/i want to die", "R01"),
        ("i w\u200bant to d\u00adie", "R01"),
        ("lips swelling after the injection", "R04"),
        ("had prp yesterday, no fever but i cant breathe", "R04"),
        ("fever of 39.2 after my transplant", "R02"),
        ("my 7yo is losing hair", "R07"),
        ("my 14-year-old is going bald", "R07"),
    ],
)
def test_is_found(reader: SafetyReader, text: str, rule: str) -> None:
    assert fired(reader, text)[:1] == [rule]


@pytest.mark.parametrize(
    "text",
    [
        "I am not suicidal",
        "this price is killing me",
        "do dying hair follicles recover",
        "can I dye my hair",
        "does fever cause hair loss",
        "is infection a risk of the injection",
        "what are the warning signs after injections",
        "had prp last week, no fever and no pus",
        "i had a stroke ten years ago and lost hair after surgery",
        "i am 15 weeks into treatment",
        "my doctor put me on a diet",
        "",
        "🙂",
        "/",
    ],
)
def test_is_left_alone(reader: SafetyReader, text: str) -> None:
    assert fired(reader, text) == []


def test_the_most_urgent_rule_comes_first(reader: SafetyReader) -> None:
    assert fired(reader, "my hair is falling out in clumps and i want to die")[0] == "R01"


def test_a_denied_sign_is_remembered_as_denied(reader: SafetyReader) -> None:
    assert [rule.rule for rule in reader.read("I am not suicidal").denied] == ["R01"]


def test_the_rest_of_a_mixed_message_is_the_question(reader: SafetyReader) -> None:
    reading = reader.read("How much does PRP cost? Also I want to die")
    assert "how much does prp cost" in reading.rest(reading.findings[0])


def test_a_word_known_to_the_answers_is_never_taken_for_a_slip() -> None:
    assert fired(SafetyReader(safety_rules.load()), "showering after my graft")
    assert not fired(SafetyReader(safety_rules.load(), known=["showering"]), "showering after my graft")


def test_every_rule_answers_with_a_curated_key_of_its_tier() -> None:
    content = yaml.safe_load((ROOT / "data/faq/safety.yml").read_text(encoding="utf-8"))["responses"]
    for rule in safety_rules.load().rules:
        metadata = content[f"utter_{rule.key}"][0]["metadata"]
        milder = {"R19d": 3}  # declining to start or stop is said at tier 3
        assert metadata["tier"] == milder.get(rule.rule, rule.tier), rule.rule


def minimal(sign: str, tier: object = 0) -> dict[str, object]:
    rule = {"rule": "R99", "name": "Test", "key": "safety/self_harm", "tier": tier, "signs": [sign]}
    empty: list[str] = []
    return {
        "rewrites": {}, "small_words": ["the"], "negations": ["not"], "not_meant": empty, "asking": empty,
        "only_asking": empty, "telling": empty, "history": empty, "someone": empty, "lists": {}, "rules": [rule],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("sign", "cure"),
    [
        ("the", "name a real word"),
        ("help <nobody>", "add it under `lists`"),
        ("help (me", "close it"),
        ("help me)", "close every bracket"),
    ],
)
def test_a_faulty_sign_says_how_to_mend_it(sign: str, cure: str) -> None:
    with pytest.raises(SafetyRuleError, match=cure):
        parse(minimal(sign))


def test_an_unknown_tier_is_refused() -> None:
    with pytest.raises(SafetyRuleError, match="tier 7"):
        parse(minimal("help", tier=7))


def test_no_form_can_swallow_a_safety_message() -> None:
    """A text slot of a form takes whatever is typed unless its mapping refuses the intent `safety`."""
    domain = yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8"))
    refusing = []
    for name, slot in domain["slots"].items():
        for mapping in slot["mappings"]:
            if mapping["type"] == "from_text" and "safety" not in str(mapping.get("not_intent", "")):
                refusing.append(name)
    assert refusing == []
