"""What the safety gate learns from, written for the tunings, which run in an environment of their own.

The bot's environment writes: `python -m tuning.examples FILE`. Clearness is how far words and letters alone tell an
example from the other side: below 0 they err (a linear support vector machine on the other thirds of the examples).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

FOLDS = 3


class Example(NamedTuple):
    """A text, its answer's key (empty: harmless), and its clearness."""

    text: str
    key: str
    clearness: float


def read(file: Path) -> list[Example]:
    """Read what `main` wrote."""
    return [Example(*row) for row in json.loads(file.read_text(encoding="utf-8"))]


def clearness(texts: Sequence[str], in_need: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Return each text's margin on its own side of the border, by a machine that did not learn from it."""
    from sklearn.model_selection import StratifiedKFold

    from hair_answers.nlu.safety_glance import SafetyGlance

    margins = np.zeros(len(texts))
    for others, own in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(texts, in_need):
        glance = SafetyGlance.fit([texts[i] for i in others], in_need[others])
        margins[own] = [glance.margin(texts[i]) for i in own]
    return np.where(in_need, margins, -margins)


def main(file: Path) -> None:
    """Write every example."""
    from benchmarks.sources import own_phrases
    from hair_answers.nlu.safety_phrases import SafetyPhrases
    from hair_answers.nlu.safety_sense import HARMLESS, examples

    texts, labels = examples(SafetyPhrases.load(), own_phrases())
    clear = clearness(texts, labels != HARMLESS)
    file.parent.mkdir(exist_ok=True)
    file.write_text(
        json.dumps(list(zip(texts, labels.tolist(), clear.tolist(), strict=True))), encoding="utf-8"
    )
    print(f"wrote {len(texts)} examples to {file}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
