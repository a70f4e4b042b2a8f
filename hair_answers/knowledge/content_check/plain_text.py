"""An answer's words without its markup: paragraphs, sentences, words and runs of words."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

LIST_ITEM = re.compile(r"^\s*(?:[-*]|\d+\.)\s+")
LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]*)\)")
SENTENCE_END = re.compile(r"""(?:(?<=[.!?])|(?<=[.!?]["”’)]))\s+(?=["“‘(]*[A-Z0-9{])""")
WORD = re.compile(r"[a-z0-9]+(?:['’][a-z]+)?")
RUN = 8  # words in a row that count as copied


def blocks(text: str) -> list[str]:
    """Paragraphs and list items, each as one line of plain words."""
    found: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        lines = paragraph.splitlines()
        current: list[str] = []
        for line in lines:
            if LIST_ITEM.match(line) and current:
                found.append(" ".join(current))
                current = []
            current.append(LIST_ITEM.sub("", line).strip())
        found.append(" ".join(current))
    return [_without_marks(block) for block in found if block.strip()]


def sentences(block: str) -> list[str]:
    """The sentences of one block; its end always ends a sentence."""
    return [sentence.strip() for sentence in SENTENCE_END.split(block) if sentence.strip()]


def words(text: str) -> list[str]:
    """The words of a text in lower case."""
    return WORD.findall(text.lower().replace("’", "'"))


def word_count(sentence: str) -> int:
    """Words as a reader counts them: what stands between spaces and holds a letter or digit."""
    return sum(any(letter.isalnum() for letter in word) for word in sentence.split())


def links(text: str) -> list[str]:
    """The addresses of the links in a text."""
    return [address for _, address in LINK.findall(text)]


def runs(text: str) -> Iterator[tuple[str, ...]]:
    """Every run of eight words."""
    found = words(text)
    for start in range(len(found) - RUN + 1):
        yield tuple(found[start : start + RUN])


def digest(run: tuple[str, ...], salt: str) -> str:
    """A short salted hash of a run, so that a text can be compared without being stored."""
    return hashlib.sha256(f"{salt} {' '.join(run)}".encode()).hexdigest()[:12]


def _without_marks(text: str) -> str:
    """Words without bold marks and link addresses."""
    return LINK.sub(r"\1", text).replace("**", "").strip()
