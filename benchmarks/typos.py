"""One typing slip in every message: what it costs, with and without the speller: `python -m benchmarks.typos`.

The slips are those of a thumb on glass: two letters swapped, one lost, one doubled, one hit beside, a space lost.
Asked are the phrases of the held-out tenth, by a matcher that was fitted on the others.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from benchmarks.sources import own_phrases, own_responses
from benchmarks.stock import held_out
from hair_answers.nlu.embedding_cache import EmbeddingCache
from hair_answers.nlu.matcher import Matcher

SEED = 7
SHORTEST = 4  # letters of a word that gets a slip
_WORD = re.compile(rf"[A-Za-z]{{{SHORTEST},}}")
ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
BESIDE = {row[i]: row[max(0, i - 1) : i] + row[i + 1 : i + 2] for row in ROWS for i in range(len(row))}


def _swapped(word: str, place: int, _: random.Random) -> str:
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]


def _lost(word: str, place: int, _: random.Random) -> str:
    return word[:place] + word[place + 1 :]


def _doubled(word: str, place: int, _: random.Random) -> str:
    return word[: place + 1] + word[place:]


def _beside(word: str, place: int, choice: random.Random) -> str:
    return word[:place] + choice.choice(BESIDE[word[place].lower()]) + word[place + 1 :]


SLIPS: tuple[Callable[[str, int, random.Random], str], ...] = (_swapped, _lost, _doubled, _beside)
LOST_SPACE = 0.1  # of all slips


def with_slip(text: str, choice: random.Random) -> str:
    """Return `text` with one slip; a text without a word of four letters stays as it is."""
    spaces = [match.start() for match in re.finditer(r"(?<=[a-z]) (?=[a-z])", text)]
    if spaces and choice.random() < LOST_SPACE:
        place = choice.choice(spaces)
        return text[:place] + text[place + 1 :]
    words = list(_WORD.finditer(text))
    if not words:
        return text
    word = choice.choice(words)
    old = new = word.group()
    while new == old:  # swapping two equal letters is no slip
        new = choice.choice(SLIPS)(old, choice.randrange(len(old) - 1), choice)
    return text[: word.start()] + new + text[word.end() :]


class NoSpeller:
    """Repairs nothing."""

    def repair(self, text: str) -> str:
        """Return the text as typed."""
        return text


@dataclass(frozen=True)
class Accuracy:
    """Share of held-out phrases whose own answer came first."""

    messages: int
    clean: float
    slips: float
    slips_without_speller: float


@lru_cache(maxsize=1)
def held_out_matcher() -> tuple[Matcher, list[tuple[str, str]]]:
    """Return a matcher fitted without the held-out tenth, and that tenth as (key, phrase)."""
    kept, apart = held_out(own_phrases())
    return Matcher.fit(kept, own_responses(), EmbeddingCache.default()), apart


def share_right(matcher: Matcher, asked: list[tuple[str, str]]) -> float:
    """Return the share of (key, phrase) whose key comes first."""
    return sum(matcher.match_sentence(phrase).key == key for key, phrase in asked) / len(asked)


def measure() -> Accuracy:
    """Ask the held-out phrases clean, with a slip, and with a slip but no speller."""
    matcher, apart = held_out_matcher()
    choice = random.Random(SEED)
    slipped = [(key, with_slip(phrase, choice)) for key, phrase in apart]
    clean, repaired = share_right(matcher, apart), share_right(matcher, slipped)
    speller, matcher._speller = matcher._speller, NoSpeller()  # type: ignore[assignment]
    bare = share_right(matcher, slipped)
    matcher._speller = speller
    return Accuracy(len(apart), clean, repaired, bare)


def table(found: Accuracy) -> list[str]:
    """Return the three shares as Markdown rows."""
    rows = ["| the same held-out messages | own answer first | lost, points |", "|---|---|---|"]
    for name, share in (
        ("as written", found.clean),
        ("one slip each", found.slips),
        ("one slip each, without the speller", found.slips_without_speller),
    ):
        rows.append(f"| {name} | {share:.3f} | {100 * (found.clean - share):.1f} |")
    return rows


def main() -> None:
    """Print the table."""
    print("\n".join(table(measure())))


if __name__ == "__main__":
    main()
