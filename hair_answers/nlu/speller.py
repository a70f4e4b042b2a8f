"""Repair typing slips, carefully: a word that anybody writes on purpose is never touched."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable

from rapidfuzz.distance import OSA

SHORTEST = 4  # letters: shorter slips are too ambiguous to repair
TWO_SLIPS_FROM = 8  # letters
FREQUENT = 20  # uses in the phrases: words like these are run together when a space is lost
MOST_JOINED = 4  # words
COMMON_FROM = 1996  # the vocabulary's first rows are symbols, letters and unused places
_WORD = re.compile(r"[a-z]+")


class Speller:
    """Words of the phrases come first, then lost spaces, then the encoder's vocabulary; close before frequent."""

    def __init__(self, vocabulary: Iterable[str], phrases: Iterable[str], names: Iterable[str] = ()) -> None:
        """`vocabulary` is ordered by falling frequency, as WordPiece lists are; `names` are never repaired."""
        rows = [word for word in vocabulary if word.isascii() and word.isalpha()]
        own = Counter(word for phrase in phrases for word in _WORD.findall(phrase.lower()))
        named = (word for name in names for word in _WORD.findall(name.lower()))
        self._known = frozenset(rows) | frozenset(own) | frozenset(named)
        self._frequent = {word: count for word, count in own.items() if count >= FREQUENT and len(word) > 1}
        ranks = {word: rank for rank, word in enumerate(rows) if len(word) >= SHORTEST}
        ranks.update({word: -count for word, count in own.items() if len(word) >= SHORTEST and count > 1})
        self._ranks = ranks
        self._by_length: dict[int, list[str]] = defaultdict(list)
        for word in ranks:
            self._by_length[len(word)].append(word)

    def is_known(self, word: str) -> bool:
        """Tell a word of the phrases or of common English, plurals included."""
        return word in self._known or (word.endswith("s") and word[:-1] in self._known)

    def repair_word(self, word: str) -> str:
        """Return the closest known word: one slip away, or two from eight letters; else the word itself."""
        if len(word) < SHORTEST or self.is_known(word):
            return word
        allowed = 2 if len(word) >= TWO_SLIPS_FROM else 1
        near = [
            (distance, candidate[0] != word[0], self._ranks[candidate], candidate)
            for length in range(len(word) - allowed, len(word) + allowed + 1)
            for candidate in self._by_length[length]
            if (distance := OSA.distance(word, candidate, score_cutoff=allowed)) <= allowed
        ]
        best = min(near, default=None)
        if best and best[2] < 0:
            return best[-1]
        joined = self._parted(word, MOST_JOINED)
        return " ".join(joined) if joined else best[-1] if best else word

    def _parted(self, word: str, most: int) -> list[str]:
        """Return the fewest frequent words that stand in `word` without spaces; of two ways the more usual one."""
        if word in self._frequent:
            return [word]
        if most < 2:
            return []
        ways = [
            [word[:cut], *rest]
            for cut in range(2, len(word) - 1)
            if word[:cut] in self._frequent and (rest := self._parted(word[cut:], most - 1))
        ]
        return min(ways, key=lambda way: (len(way), -min(self._frequent[part] for part in way)), default=[])

    def repair(self, text: str) -> str:
        """Repair every word of a lower-case text."""
        return _WORD.sub(lambda match: self.repair_word(match.group()), text)
