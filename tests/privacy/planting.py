"""Messages with made-up identifiers in them, and the search for what is left of those wherever something is kept."""

from __future__ import annotations

import random
import string
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hair_answers.storage.redaction import passes_luhn

# Names that stand nowhere in the project: authors of studies and the clinic's own people are kept rightly.
FIRST = (
    "Zelda Quentin Ottoline Ignatius Perpetua Zebediah Björnstjerne Siobhán Chidiebere Wolfgangus Jean-Lucien"
).split()
LAST = (
    "Featherstone Wigglesworth Throckmorton Cholmondeley Birdwhistle O'Quibble Krzyzewski Ramanathanpur Achebeson"
    " Lindqvistsdotter Papadopoulakis Smythe-Barnacle"
).split()
COMMON = "sarah mohammed priya aoife daniel".split()  # without capitals only a common first name can be known
STREETS = "Quibblesnatch Wobblethorpe Snickleback Grumbleford Twistlemere Pocklebridge".split()
MONTHS = "January February March April May June July August September October November December".split()
QUESTIONS = (
    "what is prp",
    "is minoxidil safe",
    "what causes hair loss",
    "does it hurt",
    "how much does it cost",
    "can i pay with seashells",
)
PHONES = (
    "+44 20 7946 {0}", "07911 12{0}", "(212) 555-{0}", "415-555-{0}", "+1 415 555 {0}", "+49 30 9018{0}",
    "+33 1 42 68 3{1} 4{2}", "+91 98765 4{0}", "087 12{1} {0}", "+61 2 5550 {0}", "0171 55{0}",
)  # fmt: skip


@dataclass(frozen=True)
class Planted:
    """A message, and the parts of it that may be found nowhere."""

    text: str
    secrets: tuple[str, ...]


class Forger:
    """Makes identifiers that belong to nobody; the same seed makes the same ones."""

    def __init__(self, seed: object) -> None:
        self._random = random.Random(f"hair-answers {seed}")

    def planted(self, count: int) -> Iterator[Planted]:
        """Yield messages, every kind of identifier in turn."""
        kinds = (
            self.name, self.email, self.phone, self.address, self.birth, self.record, self.card, self.iban,
            self.link, self.account,
        )  # fmt: skip
        for number in range(count):
            words, secrets = kinds[number % len(kinds)]()
            question = self._one(QUESTIONS)
            text = self._one((f"{words}, {question}", f"{words}. {question}?", f"{question}? {words}"))
            yield Planted(text, secrets)

    def name(self) -> tuple[str, tuple[str, ...]]:
        """Return somebody who introduces themselves."""
        first, last, common = self._one(FIRST), self._one(LAST), self._one(COMMON)
        whole = f"{first} {last}"
        said = self._one(
            (
                f"my name is {whole}", f"My name's {whole.lower()}", f"I'm {whole}", f"I am {whole}",
                f"this is {whole}", f"Hello, this is {whole}", f"Name: {whole}", f"it's {whole} here",
                f"hi im {common} {last.lower()}", f"My husband's name is {whole}", f"I am called {whole}",
                f"Mrs {last} sent me", f"I see Dr. {last} for it", f"Surname: {last}, first name: {first}",
            )
        )  # fmt: skip
        return said, tuple(part for part in (first, last) if part.lower() in said.lower())

    def email(self) -> tuple[str, tuple[str, ...]]:
        """Return an e-mail address, as written or spelt."""
        user, host = f"{self._letters(6)}.{self._letters(7)}", f"{self._letters(8)}-mail"
        address = self._one(
            (
                f"{user}@{host}.example", f"{user}+hair@{host}.co.uk", f"{user}@{host}.com".upper(),
                f"{user} at {host} dot com", f"{user}(at){host}.org",
            )
        )  # fmt: skip
        said = self._one(("write to {}", "my e-mail is {}", "mail me: {}", "{} is where I read", "email {}"))
        return said.format(address), (user, host)

    def phone(self) -> tuple[str, tuple[str, ...]]:
        """Return a telephone number of one of several countries."""
        number = self._one(PHONES).format(self._number(4), self._number(1), self._number(1))
        said = self._one(
            ("call me on {}", "my number is {}", "{} is my mobile", "phone {}", "text {} please")
        )
        return said.format(number), (number, number[-8:])

    def address(self) -> tuple[str, tuple[str, ...]]:
        """Return where somebody lives."""
        street, number, one = self._one(STREETS), self._random.randrange(1, 900), self._number(1)
        kind = self._one(("Street", "Road", "Avenue", "Lane", "close", "Crescent"))
        code = f"{self._letters(2).upper()}{one} {one}XJ"
        where = self._one(
            (
                f"{number} {street} {kind}", f"Flat {number}, 7 {street} {kind}",
                f"{number}b {street.lower()} {kind.lower()}", f"{number} {street} {kind}, {code}",
            )
        )  # fmt: skip
        said = self._one(("I live at {}", "send it to {}", "my address is {}", "{} is my home"))
        return said.format(where), tuple(part for part in (street, code) if part.lower() in where.lower())

    def birth(self) -> tuple[str, tuple[str, ...]]:
        """Return a date of birth in one of many forms."""
        pick = self._random.randrange
        day, month, year = pick(1, 29), pick(1, 13), pick(1930, 2011)
        name = MONTHS[month - 1]
        date = self._one(
            (
                f"{day:02d}/{month:02d}/{year}", f"{day}.{month}.{year}", f"{year}-{month:02d}-{day:02d}",
                f"{day} {name} {year}", f"{name} {day}, {year}", f"{day}th of {name[:3]} {year}",
                f"{day:02d}-{month:02d}-{year % 100:02d}", f"{name[:3].lower()} {day} {year}",
                f"{day:02d} {month:02d} {year}", f"{day}-{name[:3]}-{year}",
            )
        )  # fmt: skip
        said = self._one(
            ("I was born on {}", "dob {}", "D.O.B.: {}", "my date of birth is {}", "birthday {}")
        )
        return said.format(date), (date,)

    def record(self) -> tuple[str, tuple[str, ...]]:
        """Return a number under which somebody is kept."""
        two, three, four, nine = (self._number(count) for count in (2, 3, 4, 9))
        said, secret = self._one(
            (
                ("my mrn is {}", f"QX{nine}"), ("medical record number {}", nine), ("ssn {}", nine),
                ("policy number {}", f"ABC{nine}"), ("my insurance id is {}", f"XJ {four} {three}4"),
                ("NHS number {}", f"943 {three} {four}"), ("nhs no: {}", f"943{three}{four}"),
                ("my SSN is {}", f"{three}-{two}-{four}"), ("passport {}", f"X{nine}"),
                ("my passport number is {}", nine), ("member id: {}", f"W{nine}"),
                ("national insurance {}", f"QQ {two} {four[:2]} {three[:2]} C"), ("patient number {}", f"P-{nine}"),
                ("hospital number {}", f"H{nine}"), ("health card {}", f"{four} {three} {three}"),
            )
        )  # fmt: skip
        return said.format(secret), (secret,)

    def card(self) -> tuple[str, tuple[str, ...]]:
        """Return a payment card that passes Luhn's check."""
        start, length = self._one((("4111", 16), ("5500", 16), ("3782", 15)))
        digits = start + self._number(length - 5)
        digits += next(last for last in string.digits if passes_luhn(digits + last))
        fours = " ".join(digits[at : at + 4] for at in range(0, length, 4))
        shown = self._one((digits, fours, fours.replace(" ", "-")))
        return self._one(("my card is {}", "pay with {}", "charge {}")).format(shown), (shown, shown[-9:])

    def iban(self) -> tuple[str, tuple[str, ...]]:
        """Return a bank account."""
        country, bank = self._one((("DE", ""), ("GB", "NWBK"), ("FR", "")))
        plain = f"{country}{self._number(2)}{bank}{self._number(16 - len(bank))}"
        fours = " ".join(plain[at : at + 4] for at in range(0, len(plain), 4))
        shown = self._one((plain, fours, plain.lower()))
        return self._one(("my iban is {}", "IBAN {}", "refund to {}")).format(shown), (shown, shown[-9:])

    def link(self) -> tuple[str, tuple[str, ...]]:
        """Return an address that opens something of somebody."""
        token, user = f"{self._letters(9)}{self._number(5)}", self._letters(8)
        address = self._one(
            (
                f"https://portal.example/r?token={token}", f"http://clinic.example/v/{token}abc9",
                f"www.lab.example/x?id={token}", f"https://{user}:{token}@host.example/",
                f"https://p.example/#access={token}", f"https://facebook.com/{user}99",
            )
        )  # fmt: skip
        return f"see {address}", tuple(part for part in (token, user) if part in address)

    def account(self) -> tuple[str, tuple[str, ...]]:
        """Return a name in a social network or messenger."""
        user = f"{self._letters(5)}_{self._letters(5)}{self._number(2)}"
        said = self._one(
            (
                "I am @{} there", "my insta is {}", "telegram: {}", "t.me/{}", "find me on Slack as @{}",
                "my snapchat {}", "follow @{}", "my Telegram handle is @{}", "instagram name: {}", "skype id {}",
            )
        )  # fmt: skip
        return said.format(user), (user,)

    def _one(self, options: Sequence[Any]) -> Any:
        return self._random.choice(options)

    def _number(self, length: int) -> str:
        return "".join(self._random.choice(string.digits) for _ in range(length))

    def _letters(self, count: int) -> str:
        return "".join(self._random.choice("bcdfghjklmnpqrtvwz") for _ in range(count))


def left_in(kept: Mapping[str, str], secrets: Iterable[str]) -> set[tuple[str, str]]:
    """Return every (place, secret) found, whatever its capitals."""
    lowered = {place: text.lower() for place, text in kept.items()}
    return {
        (place, secret) for secret in secrets for place, text in lowered.items() if secret.lower() in text
    }
