"""Takes what names a person out of a text before anything keeps it; medical words and study numbers stay.

Every rule looks for a fixed shape with bounded repeats: the work grows with the text, no faster.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import phonenumbers

Span = tuple[int, int, str]  # from, to, what it is
Finder = Callable[[str], Iterator[Span]]

REGIONS = (
    "US",
    "GB",
    "IE",
    "AU",
    "DE",
    "FR",
    "IN",
)  # national phone formats; + and a country code works for all
LONGEST = (
    20_000  # characters looked at; the rest of a longer text is dropped, because nothing may pass unread
)
OLDEST_YEAR, YOUNGEST_YEAR = 1900, 2016  # a whole date in these years is taken for a date of birth
# A text without any of these holds no identifier: most texts are done after one look.
_HINTS = re.compile(
    r"[@\d]|://|www\.|\.(?:com|me)/|\bname|\bcalled|\bcall me\b|\bi[’']?m\b|\bi am\b"
    r"|\bthis is\b|\bit[’']?s\b|\bsigned\b"
    r"|[\[( ]at[\]) ]|\bregards\b|\bm(?:rs?|s|x|iss)\b|\b(?:dr|prof)\b"
    r"|\b(?:insta\w*|snap\w*|whatsapp|telegram|twitter|facebook|tiktok|skype)\b",
    re.I,
)

# Numbers of studies, papers and products: they look like identifiers and name nobody.
_SPARED = re.compile(
    r"\b(?:NCT|ISRCTN|PMC|ACTRN|ChiCTR|UMIN|CRD)[ :-]?\d{3,14}\b|\bPMID:? ?\d{4,9}\b"
    r"|\bdoi:? ?10\.\d{4,9}/\S{1,80}"
    r"|\bEudraCT:? ?\d{4}-\d{6}-\d{2}\b|\b10\.\d{4,9}/\S{1,80}",
    re.I,
)

_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"]{3,2000}", re.I)
_EMAIL = re.compile(r"[\w.+'%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
_SPELT_EMAIL = re.compile(
    r"[\w.+-]{2,64} ?(?:\(at\)|\[at\]| at ) ?[\w-]{2,63} ?(?:\(dot\)|\[dot\]| dot |\.) ?(?:com|org"
    r"|net|edu|gov|"
    r"co ?\.? ?uk|io|de|fr|in|ie|ca|au|info|me|eu|us)\b",
    re.I,
)
# A page of somebody: the network's address and what stands right behind it.
_PROFILE = re.compile(
    r"(?:https?://)?(?<![\w.-])(?:www\.)?(?:(?:facebook|fb|instagram|twitter|x|tiktok|snapchat|linkedin|telegram)"
    r"\.(?:com|me)|t\.me|wa\.me)/(?:in/|add/|u/)?@?[\w.+%-]{3,60}",
    re.I,
)
_HANDLE = re.compile(r"(?<![\w@/.])@[A-Za-z_][\w.]{2,30}\b")
_ACCOUNT = re.compile(
    r"\b(?:insta(?:gram)?|snap(?:chat)?|whatsapp|telegram|twitter|facebook|tiktok|skype)"
    r"(?: (?:handle|id|name|user ?name|account))?(?:(?: is|:| =) {0,2}| (?=[A-Za-z.+-]{0,38}[\d_]))"
    r"(?P<value>[\w.+-]{3,40})",
    re.I,
)
_CARD = re.compile(r"(?<![\w-])\d(?:[ -]?\d){12,18}(?![\w-])")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b", re.I)
IBAN_DIGITS = 10  # every country's has more, and no words with a few figures between them have
_FORMATTED_ID = re.compile(
    r"(?<![\w-])(?:\d{3}-\d{2}-\d{4}|\d{3} \d{3} \d{4}|\d{3}-\d{3}-\d{4}"  # US social security; NHS number
    r"|[A-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D])(?![\w-])",  # UK national insurance
    re.I,
)
# "record number is AB-12345", "MRN 884422", "policy no: X99", "NHS number: 943 476 5919"; a word such as
# "case" alone is no number's name, so it needs number, no, # or a colon after it.
_RECORD = re.compile(
    r"\b(?:(?:mrn|ssn|nino|nhi|pps(?:n)?|hospital (?:no|number|num|id)|nhs(?: ?no)?|passport"
    r"|medicare|medicaid|social security|national insurance"
    r"|driv(?:er|ing)[’'s]{0,2} licen[cs]e|tax id|aadhaar|member ?id|patient ?id"
    r"|medical id"
    r"|health card)(?: (?:number|num|no\.?|card|id|#))?"
    r"|(?:(?:medical |health |hospital |patient |my )?(?:record|chart|file|patient|insurance|policy"
    r"|member|membership"
    r"|group|claim|account|reference|ref|booking|case|order|appointment|id|identity|customer"
    r"|invoice|licen[cs]e)s?"
    r"(?: (?:card|record))?(?: ?(?:number|num|no\.|id\b|#|nr)| no(?= ?[:#]?\s?(?:is )?\w{0,4}-?\d)| ?:)))"
    r"(?:'s| is| was|:| =|,| are|#){0,2}[ #:]{0,3}"
    r"(?P<value>(?=[A-Za-z\d/ -]{0,12}\d)[A-Za-z]{0,5}[ -]?\d[\dA-Za-z/-]{2,24}(?:"
    r" [\dA-Z-]{2,8}\b(?=\s|[.,;?!)]|$)){0,5})",
    re.I,
)
_LOCAL_PHONE = re.compile(
    r"\b(?:phone|tel(?:ephone)?|mobile|cell|call|ring|text|reach|whatsapp|contact|number)\b[\w :’',.]{0,30}?"
    r"(?P<value>(?<![\d-])\(?\d{2,5}\)?(?:[ .-]?\d{2,6}){1,4})(?![\d-])",
    re.I,
)
_LONG_NUMBER = re.compile(r"(?<![\w.,/-])\+?\(?\d(?:[ ().-]{0,2}\d){8,18}(?![\w/-])")
_ADDRESS_OF_MACHINE = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])")

_MONTH = r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?" \
         r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"  # fmt: skip
_DATE = (
    rf"(?:\d{{1,2}}[/.-]\d{{1,2}}[/.-](?:\d{{4}}|\d{{2}})"
    rf"|\d{{1,2}} \d{{1,2}} (?:19|20)\d{{2}}|(?:19|20)\d{{2}}[/.-]\d{{1,2}}[/.-]\d{{1,2}}"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?(?: of)?[ -]{_MONTH}\.?,?[ -](?:\d{{4}}|\d{{2}})"
    rf"|{_MONTH}\.? \d{{1,2}}(?:st|nd|rd|th)?,? (?:\d{{4}}|\d{{2}}))"
)
_BORN = re.compile(
    rf"\b(?:born|birth ?da(?:y|te)|date of birth|d\.? ?o\.? ?b\.?|bday"
    rf"|birth)(?!\w)[\w :’',=-]{{0,20}}?(?P<value>{_DATE})(?!\d)",
    re.I,
)
_WHOLE_DATE = re.compile(rf"(?<![\w/.-]){_DATE}(?![\w/-])", re.I)
_YEAR = re.compile(r"(?:19|20)\d{2}")

_NUMBER_WORD = r"\d{1,5}[A-Za-z]?(?:[/-]\d{1,4})?"
_STREET = (
    r"(?:street|str?|road|rd|avenue|ave|lane|ln|drive|dr|close|court|ct|boulevard|blvd|square|sq"
    r"|terrace|crescent"
    r"|gardens|grove|highway|hwy|parkway|pkwy|mews|row|hill|walk|way|place|pl|circle|cir|trail)"
)
_NOT_STREETS = (
    r"(?!(?:months?|weeks?|days?|years?|hours?|minutes?|mins?|times?|grafts?|hairs?|mg|ml|cm|mm"
    r"|percent|of|in|on|the|a"
    r"|an|and|or|to|for|is|my|per|st|nd|rd|th|people|patients|men|women|sessions?|different|more"
    r"|other|out|from)\b)"
)
_ADDRESS = re.compile(
    rf"(?<![\w.-]){_NUMBER_WORD},? (?:{_NOT_STREETS}[A-Za-z][\w.’'-]{{0,20}} ){{1,3}}{_STREET}\b\.?"
    rf"(?:,? (?:apt|apartment|flat|unit|suite|#)\.? ?\w{{1,6}})?",
    re.I,
)
_FLAT = re.compile(r"\b(?:flat|apt|apartment|unit|suite) \d{1,4}[A-Za-z]?\b(?:,? \d{1,4})?", re.I)
_BOX = re.compile(r"\bp\.? ?o\.? ?box \d{1,8}\b", re.I)
_UK_POSTCODE = re.compile(r"\b(?:GIR ?0AA|[A-Z]{1,2}\d[A-Z\d]? ?\d[ABD-HJLNP-UW-Z]{2})\b")
_UK_POSTCODE_AFTER = re.compile(
    r"\b(?:post ?code|zip(?: ?code)?|eircode|pin ?code)\b(?: is|:"
    r"| =)? {0,2}(?P<value>[A-Z\d]{3,5}(?:[ -][A-Z\d]{3,4})?)\b",
    re.I,
)
_US_ZIP = re.compile(
    r"\b(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI"
    r"|S[CD]|T[NX]|UT|V[AT]"
    r"|W[AIVY])\.?,? \d{5}(?:-\d{4})?\b"
)

_PART = r"[^\W\d_][\w’'-]{0,30}\.?"
_NAMED = re.compile(
    rf"\b(?:my (?:full |first |last |sur|family |middle |real )?name(?: is|[’']s|s|:| =)|(?:^"
    rf"|[\n.,;?!] ?)name(?::| is)|"
    rf"(?:full|first|last|patient|sur) ?name(?::| is)|i[’']?m called|i am called|(?:people|they"
    rf"|you can|please) call me"
    rf"|^call me|(?:hi|hello|hey),? this is|my (?:husband|wife|son|daughter|mother|father|mum|mom"
    rf"|dad|sister|brother|friend"
    rf"|partner|doctor|dermatologist|surgeon)[’']?s name is|signed,?|(?:kind|best|warm) regards,?|regards,)"
    rf"[ \n]{{1,2}}(?P<value>{_PART}(?:,? {_PART}){{0,3}})",
    re.I | re.M,
)
# Words that end a name in running text, or show that none follows ("my name is not important").
_NO_NAME = frozenset(
    "a an and am are but by can could do does for from have how i i'm im in is it live my not of"
    " on or please so that "
    "the this to was we what when where which who why will with would you your and, aged age born"
    " email e-mail phone "
    "call tel number dob at hair about if me back later later, maybe just because being getting"
    " losing very really "
    "wondering asking looking here there private secret unimportant irrelevant anonymous stupid"
    " crazy baldy bald balding "
    "loss scalp alopecia thinning treatment question male female man woman years year old"
    " diagnosed suffering having "
    "having had has need want no yes then after before since now up in into off out today tomorrow soon".split()
)
_CAPITAL, _SMALL = "A-ZÀ-ÖØ-ÞŁŚŠŽ", "a-zß-öø-ÿāăąćčđěęğģīłńňőřśşšťūůűźżžșț"
_PROPER = rf"(?:[{_CAPITAL}][’'])?[{_CAPITAL}][{_SMALL}]{{1,20}}(?:[’'-][{_CAPITAL}{_SMALL}]{{1,20}}){{0,2}}"
_TITLED = re.compile(
    rf"\b(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof)\.? (?P<value>[{_CAPITAL}][\w’'-]{{1,30}}(?: [{_CAPITAL}][\w’'-]{{1,30}}){{0,2}})"
)
_I_AM = re.compile(
    r"\b(?:I[’']?m|I am|i am|i'm|[Tt]his is|[Ii]ts"
    rf"|[Ii]t[’']s) (?P<value>{_PROPER}(?: {_PROPER}){{1,2}})(?![\w-])"
)
_I_AM_FIRST = re.compile(
    r"(?:^|[.!?\n,] ?)(?:hi|hello|hey)?,? ?(?:i[’']?m|i am|this is"
    r"|it[’']?s) (?P<value>[a-z’'-]{2,20})(?: [A-Z][a-z’'-]{1,20})?"
    r"(?= here\b|,| and i\b| from\b|\.|!|$)",
    re.I,
)
_NOT_PEOPLE = frozenset(
    "african american asian indian chinese black white hispanic latino latina caucasian british"
    " irish english french german "
    "italian spanish mexican brazilian turkish arab jewish muslim christian norwood hamilton"
    " ludwig stage type male female "
    "pattern stem cell alopecia areata traction telogen effluvium androgenetic hair loss not very"
    " so really on getting "
    "vitamin new old middle south north east west european eastern western".split()
)


def _value(pattern: re.Pattern[str], kind: str) -> Finder:
    """A finder for the `value` group of a pattern, or for all of it when it has none."""
    group: str | int = "value" if "value" in pattern.groupindex else 0

    def find(text: str) -> Iterator[Span]:
        for match in pattern.finditer(text):
            yield match.start(group), match.end(group), kind

    return find


def _links(text: str) -> Iterator[Span]:
    """Addresses that carry more than a public page: a query, a fragment, a sign-in, or a long random part."""
    for match in _URL.finditer(text):
        address = match.group().rstrip(".,;:!?)")
        rest = address.split("://", 1)[-1]
        parts = rest.split("/")
        secret = any(
            len(part) >= 16 and any(c.isdigit() for c in part) and "-" not in part for part in parts[1:]
        )
        if secret or any(mark in rest for mark in "?#@=") or "@" in parts[0]:
            yield match.start(), match.start() + len(address), "LINK"


def passes_luhn(digits: str) -> bool:
    """The check of payment cards (ISO/IEC 7812-1)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _cards(text: str) -> Iterator[Span]:
    for match in _CARD.finditer(text):
        if passes_luhn(re.sub(r"\D", "", match.group())):
            yield match.start(), match.end(), "CARD"


def _ibans(text: str) -> Iterator[Span]:
    for match in _IBAN.finditer(text):
        if sum(character.isdigit() for character in match.group()) >= IBAN_DIGITS:
            yield match.start(), match.end(), "NUMBER"


def _phones(text: str) -> Iterator[Span]:
    """Phone numbers that the numbering plans of the regions know."""
    if sum(character.isdigit() for character in text) < 7:
        return
    for region in REGIONS:
        for match in phonenumbers.PhoneNumberMatcher(text, region):
            yield match.start, match.end, "PHONE"


def _local_phones(text: str) -> Iterator[Span]:
    for match in _LOCAL_PHONE.finditer(text):
        if sum(character.isdigit() for character in match["value"]) >= 7:
            yield match.start("value"), match.end("value"), "PHONE"


def _dates(text: str) -> Iterator[Span]:
    for match in _WHOLE_DATE.finditer(text):
        year = _YEAR.search(match.group())
        if year and OLDEST_YEAR <= int(year.group()) <= YOUNGEST_YEAR:
            yield match.start(), match.end(), "DATE"


def _names(text: str) -> Iterator[Span]:
    """What follows "my name is" and its like, up to the first word that cannot be part of a name."""
    at = 0
    # Searched on from the name's end: what follows ("Surname: Doe, first name: Jane") may introduce the next one.
    while match := _NAMED.search(text, at):
        parts: list[str] = []
        for part in match["value"].split(" "):
            # "Jane, bald since May": a comma ends the name, unless a first name follows ("Doe, Jane").
            after_comma = bool(parts) and parts[-1].endswith(",")
            if part.lower().rstrip(".,") in _NO_NAME or (after_comma and part.lower() not in first_names()):
                break
            parts.append(part)
            if part.endswith(".") and len(part) > 3:  # the end of a sentence, not an initial
                break
        length = len(" ".join(parts).rstrip(".,"))
        at = match.start("value") + length
        if length:
            yield match.start("value"), match.start("value") + length, "NAME"


def _introductions(text: str) -> Iterator[Span]:
    """What follows "I am": two capitals that are no people, stage or illness, or one common first name."""
    for match in _I_AM.finditer(text):
        if not any(part.lower() in _NOT_PEOPLE for part in match["value"].split(" ")):
            yield match.start("value"), match.end("value"), "NAME"
    for match in _I_AM_FIRST.finditer(text):
        if match["value"].lower() in first_names():
            yield match.start("value"), match.end(), "NAME"


@lru_cache(maxsize=1)
def first_names() -> frozenset[str]:
    """The common first names of first_names.txt that are no ordinary words."""
    lines = (Path(__file__).parent / "first_names.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(name for line in lines if not line.startswith("#") for name in line.split())


# The first rule that finds a span names it.
FINDERS: tuple[Finder, ...] = (
    _links,
    _value(_EMAIL, "EMAIL"),
    _value(_SPELT_EMAIL, "EMAIL"),
    _value(_PROFILE, "ACCOUNT"),
    _value(_HANDLE, "ACCOUNT"),
    _value(_ACCOUNT, "ACCOUNT"),
    _cards,
    _ibans,
    _value(_BORN, "DATE"),
    _dates,
    _value(_RECORD, "NUMBER"),
    _value(_FORMATTED_ID, "NUMBER"),
    _phones,
    _local_phones,
    _value(_LONG_NUMBER, "NUMBER"),
    _value(_ADDRESS_OF_MACHINE, "NUMBER"),
    _value(_ADDRESS, "ADDRESS"),
    _value(_FLAT, "ADDRESS"),
    _value(_BOX, "ADDRESS"),
    _value(_UK_POSTCODE, "ADDRESS"),
    _value(_UK_POSTCODE_AFTER, "ADDRESS"),
    _value(_US_ZIP, "ADDRESS"),
    _names,
    _value(_TITLED, "NAME"),
    _introductions,
)


def find(text: str) -> list[Span]:
    """Where the identifiers are, in order and without overlaps; a study's number is none."""
    spared = [match.span() for match in _SPARED.finditer(text)]
    spans: list[Span] = []
    for finder in FINDERS:
        for start, end, kind in finder(text):
            if not any(start < last and first < end for first, last in spared):
                spans.append((start, end, kind))
    return _merged(sorted(spans, key=lambda span: (span[0], -span[1])))


def _merged(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end, kind in spans:
        if merged and start < merged[-1][1]:
            first, last, name = merged[-1]
            merged[-1] = (first, max(last, end), name)
        else:
            merged.append((start, end, kind))
    return merged


@lru_cache(maxsize=4096)
def redact(text: str) -> str:
    """Return the text with every identifier replaced by what it was, such as [EMAIL]."""
    text = text[:LONGEST]
    if not _HINTS.search(text) and not _UK_POSTCODE.search(text):
        return text
    pieces, at = [], 0
    for start, end, kind in find(text):
        pieces += [text[at:start], f"[{kind}]"]
        at = end
    return "".join([*pieces, text[at:]])


def redact_deep(value: Any, kept: frozenset[str] = frozenset()) -> Any:
    """Redact every text in nested data; values under the keys in `kept` are the project's own and stay."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {key: inner if key in kept else redact_deep(inner, kept) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [redact_deep(inner, kept) for inner in value]
    return value
