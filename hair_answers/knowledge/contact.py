"""Checks a name and one way to reach somebody, and writes them the way a clinic can use."""

from __future__ import annotations

import re

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from hair_answers.nlu.text_cleaner import plain_characters

# Whose national numbers are understood without a country code, by the clinic's region.
REGIONS = {"UK": "GB", "EU": None, "other": None}
LONGEST_NAME = 80  # characters
_LEAD = re.compile(
    r"^(?:hi|hello|yes|ok|sure)?[\s,.!]*(?:my (?:full |first )?name(?: is|'s)?|i am|i'm|im|it is|it's|its|this is|"
    r"name:?|call me)\s+",
    re.IGNORECASE,
)
_NAME = re.compile(r"[^\W\d_][\w .,'’-]*")


def read_name(text: str) -> str | None:
    """Return the name in a reply, or None when there is none."""
    name = _LEAD.sub("", plain_characters(text)).strip(" .,!")
    fits = _NAME.fullmatch(name) and len(name) <= LONGEST_NAME and len(name.split()) <= 5
    return name if fits and len(name) > 1 and "?" not in text else None


def read_contact(text: str, region: str) -> str | None:
    """Return the e-mail address or phone number (E.164) in a reply, or None when there is no valid one."""
    typed = plain_characters(text)
    return _read_email(typed) or _read_phone(typed, region)


def _read_email(typed: str) -> str | None:
    for word in typed.replace("mailto:", " ").split():
        if "@" in word:
            try:
                return validate_email(word.strip("<>,;:.()"), check_deliverability=False).normalized
            except EmailNotValidError:
                continue
    return None


def _read_phone(typed: str, region: str) -> str | None:
    for match in phonenumbers.PhoneNumberMatcher(typed, REGIONS.get(region, region)):
        return phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164)
    return None
