"""What words and letters add to the sentence encoder in the safety gate: `python -m benchmarks.safety_kernel`.

Learns the gate's sense (hair_answers/nlu/safety_sense.py) with different shares of its kernel and reads the tuning set
of tests/safety with the sense alone, without signs or matcher: recall where 2 % of the hard negatives are taken over.
"""

from __future__ import annotations

import sys
from unittest import mock

import numpy as np

from benchmarks.safety import NEGATIVE, Row, read_rows
from benchmarks.sources import own_phrases
from hair_answers.nlu import safety_rules, safety_sense, safety_text, safety_verdict
from hair_answers.nlu.safety_phrases import SafetyPhrases
from hair_answers.nlu.safety_reader import Reading
from hair_answers.nlu.safety_sense import SafetySense
from hair_answers.nlu.safety_text import SafetyWords

FALSE_ALARMS = 0.02
SHARES = {  # of meaning, words, letters
    "the encoder alone": (1.0, 0.0, 0.0),
    "words and letters alone": (0.0, 0.5, 0.5),
    "all three": (safety_sense.MEANING, safety_sense.WORDS, safety_sense.CHARACTERS),
}


def odds(sense: SafetySense, row: Row) -> float:
    """Return the log odds of need of a message read without signs."""
    text = safety_text.read(row.text, SafetyWords([], safety_rules.load().rewrites, []))
    return safety_verdict.log_odds(Reading(text, (), (), ()), sense.read(row.text, text))


def main() -> None:
    """Learn with each kernel, read the tuning set, print recall."""
    rows, phrases, curated = read_rows("tuning"), SafetyPhrases.load(), own_phrases()
    print(f"recall on the tuning set where {FALSE_ALARMS:.0%} of its hard negatives are taken over")
    for name, (meaning, words, letters) in SHARES.items():
        with mock.patch.multiple(safety_sense, MEANING=meaning, WORDS=words, CHARACTERS=letters):
            sense = SafetySense.fit(phrases, curated)
        loud = np.array([odds(sense, row) for row in rows])
        harmless = np.array([row.kind == NEGATIVE for row in rows])
        border = np.quantile(loud[harmless], 1 - FALSE_ALARMS)
        recall = {
            kind: float(np.mean(loud[[row.kind == kind for row in rows]] > border))
            for kind in ("direct", "indirect")
        }
        print(f"{name:24} direct {recall['direct']:6.1%}   indirect {recall['indirect']:6.1%}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
