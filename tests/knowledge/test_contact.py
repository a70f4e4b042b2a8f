"""Names and contacts as people type them."""

from __future__ import annotations

import pytest

from hair_answers.knowledge.contact import read_contact, read_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Jane", "Jane"),
        ("my name is Jane Doe", "Jane Doe"),
        ("I'm O'Brien", "O'Brien"),
        ("it's José-María.", "José-María"),
        ("does it hurt?", None),
        ("", None),
        ("12345", None),
        ("i want to know how much all of this costs", None),
    ],
)
def test_names(text: str, name: str | None) -> None:
    assert read_name(text) == name


@pytest.mark.parametrize(
    ("text", "region", "contact"),
    [
        ("jane@example.com", "US", "jane@example.com"),
        ("you can mail me at Jane.Doe@Example.com.", "US", "Jane.Doe@example.com"),
        ("(212) 555-0123", "US", "+12125550123"),
        ("call 020 7946 0018 please", "UK", "+442079460018"),
        ("+49 30 901820", "US", "+4930901820"),
        ("12345", "US", None),
        ("jane@", "US", None),
        ("does it hurt", "UK", None),
        ("030 901820", "other", None),
    ],
)
def test_contacts(text: str, region: str, contact: str | None) -> None:
    assert read_contact(text, region) == contact
