"""US school grade of an answer (Flesch-Kincaid), names and medical terms left out.

The grade is counted here because textstat's releases either fetch their syllable list from the network on
first use or fall back on hyphenation, which misses a syllable in twenty and grades almost a year too low.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from pyphen import Pyphen

from hair_answers.knowledge.content_check.plain_text import blocks, sentences

SYLLABLES = Path(__file__).parent / "syllables" / "english.txt.gz"
WORD = re.compile(r"[^\W_]+(?:'[a-z]+)?", re.IGNORECASE)


def term_pattern(terms: Iterable[str]) -> re.Pattern[str]:
    """One pattern for all terms, the longest first, with an optional plural s."""
    ordered = sorted(set(terms), key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, ordered))})(?:s|es)?\b", re.IGNORECASE)


def grade(text: str, terms: re.Pattern[str]) -> float:
    """Flesch-Kincaid grade of `text` without markup, placeholders and `terms`; 0 when nothing is left."""
    graded = [WORD.findall(sentence) for sentence in readable(text, terms)]
    words = [word for sentence in graded for word in sentence]
    if not words:
        return 0.0
    return 0.39 * len(words) / len(graded) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


def readable(text: str, terms: re.Pattern[str]) -> list[str]:
    """The sentences that are graded; a list item or paragraph always ends one."""
    found = []
    for block in blocks(text):
        for sentence in sentences(block):
            plain = re.sub(r"\{\w+\}|https?://\S+", "", sentence.replace("’", "'"))
            plain = re.sub(r"(\d)[.,](?=\d)", r"\1", plain)  # 16.6 is one word
            plain = terms.sub("", plain)
            if WORD.search(plain):
                found.append(plain)
    return found


def syllables(word: str) -> int:
    """Syllables of a word: from the word list, else by hyphenation; a number counts as one."""
    lower = word.lower()
    known = _known()
    stem = lower.removesuffix("'s")
    if stem in known or not stem.isalpha():
        return known.get(stem, 1)
    return len(_hyphens().positions(stem)) + 1


@lru_cache(maxsize=1)
def _known() -> dict[str, int]:
    """Syllables of the words of the list."""
    with gzip.open(SYLLABLES, "rt", encoding="utf-8") as lines:
        return {word: int(count) for word, count in map(str.split, lines)}


@lru_cache(maxsize=1)
def _hyphens() -> Pyphen:
    return Pyphen(lang="en_US")
