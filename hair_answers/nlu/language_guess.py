"""Tells a question in another language from an English one full of slips, names and Latin terms.

py3langid (naive Bayes over byte n-grams, Lui & Baldwin 2012) restricted to the languages patients most often write in
Latin letters; its model is cut down to them, which leaves a third of its memory. Other scripts need no model.
On all of this project's phrases and the development questions no English text of three words passes the margin.
"""

from __future__ import annotations

import mmap
import tempfile
import unicodedata
from functools import lru_cache
from typing import Any

import numpy as np

# Latin and "no language at all" stand beside English: half of dermatology is Latin.
ENGLISH = frozenset({"en", "la", "zxx"})
OTHERS = frozenset("ca cs da de es fi fr hr hu id it nl pl pt ro sv sw tl tr vi".split())
FEWEST_WORDS = 3
MARGIN = 18.0  # natural logarithm of how much likelier the other language must be
FOREIGN_LETTERS = 0.5  # share of letters outside the Latin script from which a text is not English


class LanguageGuess:
    """Loads the cut-down model; about 0.4 s and 15 MB."""

    def __init__(self) -> None:
        from py3langid.langid import MODEL_DIR, MODEL_FILE, LanguageIdentifier
        from py3langid.modelio import load_model

        features, priors, labels, moves, rows, outputs = load_model(MODEL_DIR / MODEL_FILE)
        kept = [place for place, label in enumerate(labels) if label in ENGLISH | OTHERS]
        self._identifier = LanguageIdentifier(
            np.ascontiguousarray(features[:, kept]),
            np.asarray(priors[kept]),
            [labels[place] for place in kept],
            _on_disk(moves),
            outputs,
            tk_row=rows,
        )

    def is_foreign(self, text: str) -> bool:
        """Tell whether `text` is almost certainly not English; short or doubtful texts count as English."""
        if is_other_script(text):
            return True
        return len(text.split()) >= FEWEST_WORDS and self.margin(text) >= MARGIN

    def margin(self, text: str) -> float:
        """Return how much likelier the best other language is than English, as a natural logarithm."""
        ranked = dict(self._identifier.rank(text))
        return float(
            max(ranked[name] for name in OTHERS & ranked.keys())
            - max(ranked[name] for name in ENGLISH & ranked.keys())
        )


def _on_disk(table: Any) -> Any:
    """Return an array's 40 MB behind a file without a name: only the pages that are read take memory."""
    with tempfile.TemporaryFile() as file:
        table.tofile(file)
        file.flush()
        pages = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return memoryview(pages).cast("B").cast("I" if table.itemsize == 4 else "H")


def is_other_script(text: str) -> bool:
    """Tell whether at least half of the letters are outside the Latin script."""
    letters = [character for character in text if character.isalpha()]
    if not letters:
        return False
    foreign = sum(not unicodedata.name(letter, "").startswith("LATIN") for letter in letters)
    return foreign / len(letters) >= FOREIGN_LETTERS


@lru_cache(maxsize=1)
def shared_guess() -> LanguageGuess:
    """One model a process."""
    return LanguageGuess()
