"""clinic.yml: what it gives to answers, and errors a clinic can act on."""

import pytest

from hair_answers.knowledge import ContentError, Library
from hair_answers.knowledge.clinic import LINE_KINDS, PLACEHOLDERS, REGIONS


def test_every_placeholder_is_filled_in_every_region(tiny):
    for old, new in zip(("US", *REGIONS), REGIONS, strict=False):
        tiny.replace("clinic.yml", f"\nregion: {old}", f"\nregion: {new}")
        said = Library.load(tiny.root).clinic.placeholders()
        assert tuple(said) == PLACEHOLDERS
        assert all(said.values()), new


def test_help_lines_follow_the_region(tiny):
    tiny.replace("clinic.yml", "\nregion: US", "\nregion: UK")
    clinic = Library.load(tiny.root).clinic
    assert clinic.placeholders()["emergency_number"] == "999"
    assert clinic.placeholders()["crisis_line"] == "Samaritans on 116 123 (free, day and night)"
    assert clinic.helplines()[0].number == "116 123"
    assert {line.kind for line in clinic.helplines()} == set(LINE_KINDS)


@pytest.mark.parametrize(
    ("offers", "words"), [("yes", "says it offers"), ("no", "does not offer"), ("unknown", "do not know")]
)
def test_offer_is_told_in_words(tiny, offers, words):
    tiny.replace("clinic.yml", 'offers_therapy: "unknown"', f'offers_therapy: "{offers}"')
    assert words in Library.load(tiny.root).clinic.placeholders()["clinic_offers"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("region: US", "region: USA", "`region` is 'USA' → write one of: US, UK, IE, EU, CA, AU, other"),
        (
            'booking: "https:',
            'booking: "http:',
            "`booking` is 'http://example.com/book' → start it with https://",
        ),
        (
            'timezone: "America/New_York"',
            'timezone: "New York"',
            "`timezone` 'New York' is not a known time zone",
        ),
        (
            'offers_therapy: "unknown"',
            "offers_therapy: no",
            "`offers_therapy` is False → write one of: yes, no",
        ),
        (
            "retention_days: 30",
            "retention_days: 0",
            "`retention_days` is 0 → write a whole number, 1 or more",
        ),
        (
            "withhold_after_due_days: 365",
            "withhold_after_due_days: soon",
            "`withhold_after_due_days` is 'soon'",
        ),
        ("safety: false", 'safety: "off"', "`safety` is 'off' → write true or false"),
        ('emergency_number: "000"', "emergency_number: 000", "`emergency_number` is 0 without quotes"),
        ("target: outbox", "target: pigeon", "`target` is 'pigeon' → write one of: outbox, email, slack"),
        ("target: outbox", "target: slack", "`slack_webhook` is missing"),
        ("slack_webhook: null", 'slack_webhook: "https://hooks.example/1"', "holds the link itself"),
        ("kind: tel", "kind: fax", "`kind` is 'fax' → write one of: tel, sms, url"),
        ("name: ", "nmae: ", "`nmae` is not a known field"),
        ("  UK:\n", "  GB:\n", "`GB` is not a known region"),
        ("handoff:\n", "handoff: outbox\nhand_off:\n", "`handoff` is 'outbox', not a group of settings"),
    ],
)
def test_fault_names_file_key_value_and_cure(tiny, old, new, message):
    tiny.replace("clinic.yml", old, new)
    with pytest.raises(ContentError) as caught:
        Library.load(tiny.root)
    said = [str(problem) for problem in caught.value.problems]
    assert any(line.startswith("clinic.yml:") and message in line for line in said), said


def test_region_without_lines_is_refused(tiny):
    tiny.replace("clinic.yml", "region: US", "region: AU")
    tiny.replace("clinic.yml", "\n  AU:", "\n  Oz:")
    with pytest.raises(ContentError, match="has no entry for AU"):
        Library.load(tiny.root)


def test_missing_clinic_file_is_said_plainly(tiny):
    (tiny.root / "clinic.yml").unlink()
    with pytest.raises(ContentError, match=r"clinic\.yml file: is missing → restore clinic\.yml"):
        Library.load(tiny.root)
