"""Typed text as the matcher reads it: plain characters, whole words, the question without its greeting."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import spacy
import yaml
from spacy.tokens import Doc

CHAT_WORDS = Path(__file__).parent / "data" / "chat_words.yml"
APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'", "“": '"', "”": '"'})
_TOKEN = re.compile(r"[A-Za-z0-9]+(?:[/'][A-Za-z0-9]+)*|\S")
_INVISIBLE = {"Cc", "Cf", "Co", "Cs", "Cn"}
_PICTURES = {"So", "Sk"}  # symbols and the skin tones that follow them
_REPEATED_LETTER = re.compile(r"([a-zA-Z])\1{2,}")


def plain_characters(text: str) -> str:
    """Fold look-alike characters, drop invisible ones and emoji joiners, and leave single spaces."""
    folded = unicodedata.normalize("NFKC", text).translate(APOSTROPHES)
    visible = (c if unicodedata.category(c) not in _INVISIBLE else " " if c.isspace() else "" for c in folded)
    return " ".join("".join(visible).split())


def without_pictures(text: str) -> str:
    """Drop emoji and the like beside words; a message of nothing else keeps them."""
    bare = " ".join("".join(c for c in text if unicodedata.category(c) not in _PICTURES).split())
    return bare if any(c.isalnum() for c in bare) else text


@lru_cache(maxsize=1)
def _spellings() -> dict[str, str]:
    data = yaml.safe_load(CHAT_WORDS.read_text(encoding="utf-8"))
    return {str(k): v for k, v in {**data["words"], **data["spellings"]}.items()}


@lru_cache(maxsize=1)
def _chat_words() -> tuple[dict[str, str], re.Pattern[str], re.Pattern[str]]:
    data = yaml.safe_load(CHAT_WORDS.read_text(encoding="utf-8"))

    def any_of(phrases: list[str]) -> str:
        return "|".join(re.escape(phrase) for phrase in sorted(phrases, key=len, reverse=True))

    opener = re.compile(rf"^(?:(?:{any_of(data['openers'])})\b[\s,.!:;-]*)+", re.IGNORECASE)
    closer = re.compile(rf"(?:[\s,.!?:;-]+(?:{any_of(data['closers'])})[\s.!]*)+$", re.IGNORECASE)
    return {str(k): v for k, v in data["words"].items()}, opener, closer


def whole_words(text: str) -> str:
    """Write chat words out: "how much r u" becomes "how much are you"."""
    words, _, _ = _chat_words()
    return _TOKEN.sub(lambda match: words.get(match.group().lower(), match.group()), text)


def one_spelling(text: str) -> str:
    """Write short forms out, with or without their apostrophe, and British words the American way."""
    forms = _spellings()
    return _TOKEN.sub(lambda match: forms.get(match.group().lower().replace("'", ""), match.group()), text)


def bare_question(text: str) -> str:
    """Take greetings and thanks off both ends when at least two words are left, else return the text."""
    _, opener, closer = _chat_words()
    bare = closer.sub("", opener.sub("", text)).strip()
    return bare if len(bare.split()) >= 2 else text


def clean(text: str) -> str:
    """Return the text in the one form that phrases and questions are compared in."""
    letters = _REPEATED_LETTER.sub(r"\1\1", without_pictures(plain_characters(text)))
    return bare_question(one_spelling(whole_words(letters))).lower()


@lru_cache(maxsize=1)
def _sentence_reader() -> Callable[[str], Doc]:
    reader = spacy.blank("en")
    reader.add_pipe("sentencizer", config={"punct_chars": [".", "!", "?", "…", ";"]})
    return reader


def sentences(text: str) -> list[str]:
    """Split a post into sentences (spaCy's rule-based sentencizer)."""
    return [sentence.text.strip() for sentence in _sentence_reader()(plain_characters(text)).sents]
