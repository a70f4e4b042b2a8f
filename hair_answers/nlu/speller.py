"""Repair typing slips, carefully: a word that anybody writes on purpose is never touched."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable

from rapidfuzz.distance import OSA

SHORTEST = 4  # letters: shorter slips are too ambiguous to repair
TWO_SLIPS_FROM = 8  # letters
COMMON_FROM = 1996  # the vocabulary's first rows are symbols, letters and unused places
_WORD = re.compile(r"[a-z]+")


class Speller:
    """Words of the phrases come first, then the encoder's vocabulary, by closeness, then by frequency."""

    def __init__(self, vocabulary: Iterable[str], phrases: Iterable[str]) -> None:
        """`vocabulary` is ordered by falling frequency, as WordPiece lists are."""
        rows = [word for word in vocabulary if word.isascii() and word.isalpha()]
        own = Counter(word for phrase in phrases for word in _WORD.findall(phrase.lower()))
        self._known = frozenset(rows) | frozenset(own)
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
        return min(near)[-1] if near else self._split(word)

    def _split(self, word: str) -> str:
        """Put a lost space back between two words that the phrases use."""
        for cut in range(3, len(word) - 2):
            if self._ranks.get(word[:cut], 1) < 0 and self._ranks.get(word[cut:], 1) < 0:
                return f"{word[:cut]} {word[cut:]}"
        return word

    def repair(self, text: str) -> str:
        """Repair every word of a lower-case text."""
        return _WORD.sub(lambda match: self.repair_word(match.group()), text)
