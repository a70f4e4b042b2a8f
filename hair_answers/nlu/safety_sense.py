"""What the gate learned by example: how strongly a message speaks for help being needed, and for each safety answer.

The safety gate's own encoder was tuned on the phrases (tuning/); a logistic regression over its vectors, made anew
in every training, tells the safety answers and harmless messages apart. Lines added to the phrases so count at once.
What is plainly harmless at a glance is not read that closely (hair_answers/nlu/safety_glance.py); on the rest a larger
reader gives a second opinion (hair_answers/nlu/safety_second_reader.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hair_answers.nlu import text_cleaner
from hair_answers.nlu.encoder import FloatArray
from hair_answers.nlu.safety_encoder import phrase_cache, shared_safety_encoder
from hair_answers.nlu.safety_glance import SafetyGlance
from hair_answers.nlu.safety_phrases import SafetyPhrases
from hair_answers.nlu.safety_second_reader import shared_second_reader
from hair_answers.nlu.safety_text import SafetyText

STRENGTH = 1.0  # inverse regularisation (C)
ROUNDS = 300  # at most, of the regression's solver
FIRST, SECOND = 0.35, 0.9  # what a log odd of either reader counts; together they are log odds again
# The first reader's need up to which, and from which, it is sure enough that the second is not asked.
SURELY_HARMLESS, SURELY_IN_NEED = -8.0, 9.0
QUIET = -4.0  # instead of the former, of one sentence among others
SHORTEST = 3  # words of a sentence that is read by itself
HARMLESS = ""  # sorts before every key
CERTAIN = 10.0  # log odds of a phrase whose meaning was reviewed
ARRAYS = ("weights", "biases")

Labels = npt.NDArray[np.str_]


@dataclass(frozen=True)
class Strengths:
    """How strongly a text speaks for help, and for each key; none is named when a glance was enough."""

    need: float  # log odds that somebody is in need: 0 is the border
    by_key: dict[str, float]  # log odds of each key against a harmless message
    sentence: int | None  # its number, or None for the whole message


@dataclass
class SafetySense:
    """The learned weights of each key over the encoder's vector, against harmless messages."""

    keys: list[str]
    weights: FloatArray  # (384, keys)
    biases: FloatArray  # (keys,)
    curated: dict[str, str]  # what a curated phrase means, said word by word: a key, or HARMLESS
    glance: SafetyGlance

    @classmethod
    def fit(cls, phrases: SafetyPhrases, curated: Sequence[tuple[str, str]]) -> SafetySense:
        """Learn from the phrases, and from the curated (key, phrase) pairs: a safety answer's are in need too."""
        from sklearn.linear_model import LogisticRegression

        texts, labels = examples(phrases, curated)
        machine = LogisticRegression(C=STRENGTH, max_iter=ROUNDS)
        machine.fit(phrase_cache().encode(texts), labels)
        keys = machine.classes_.tolist()[1:]
        return cls(
            keys,
            (machine.coef_[1:] - machine.coef_[0]).T.astype(np.float32),
            (machine.intercept_[1:] - machine.intercept_[0]).astype(np.float32),
            {_bare(text_cleaner.clean(asked)): key if key in keys else HARMLESS for key, asked in curated},
            SafetyGlance.fit(texts, labels != HARMLESS),
        )

    def save(self, folder: Path) -> None:
        """Write what was learned without pickle."""
        np.savez(folder / "sense.npz", **{name: getattr(self, name) for name in ARRAYS})
        self.glance.save(folder)
        stored = {"keys": self.keys, "curated": self.curated}
        (folder / "sense.json").write_text(json.dumps(stored), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> SafetySense:
        """Read what `save` wrote."""
        written = json.loads((folder / "sense.json").read_text(encoding="utf-8"))
        with np.load(folder / "sense.npz", allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in ARRAYS}
            return cls(**written, **arrays, glance=SafetyGlance.load(folder))

    def read(self, message: str, text: SafetyText, closely: bool = True) -> list[Strengths]:
        """Return the strengths of the message as typed, and of its sentences when it has several or has slips.

        Unless asked to read `closely`, it leaves off where all of them are plainly harmless at a glance.
        """
        cleaned = text_cleaner.clean(message)
        meant = self.curated.get(_bare(cleaned))
        if meant is not None:  # reviewed word by word: nothing to guess
            by_key = {key: CERTAIN if key == meant else -CERTAIN for key in self.keys}
            return [Strengths(CERTAIN if meant else -CERTAIN, by_key, None)]
        # One word alone is for the signs: "yes" answers what the bot asked.
        units: list[tuple[int | None, str]] = [(None, cleaned)] if len(message.split()) > 1 else []
        units += _sentences(text)
        if units and not closely and all(self.glance.is_plain(said) for _, said in units):
            return [Strengths(-CERTAIN, {}, None)]
        heard = [self.strengths(said, sentence) for sentence, said in units]
        return [
            second_opinion(first, said) if _is_unsure(first) else first
            for first, (_, said) in zip(heard, units, strict=True)
        ]

    def strengths(self, text: str, sentence: int | None = None) -> Strengths:
        """Return how strongly a cleaned text speaks for help and for each key."""
        odds = shared_safety_encoder().recall(text) @ self.weights + self.biases
        return _strengths(dict(zip(self.keys, odds.tolist(), strict=True)), sentence)


def second_opinion(first: Strengths, text: str) -> Strengths:
    """Return what both readers make of a cleaned text; a key that the second does not know yet is the first's."""
    reader = shared_second_reader()
    second = dict(zip(reader.keys, reader.recall(text).tolist(), strict=True))
    by_key = {
        key: FIRST * odds + SECOND * second[key] if key in second else odds
        for key, odds in first.by_key.items()
    }
    return _strengths(by_key, first.sentence)


def _is_unsure(first: Strengths) -> bool:
    """Tell whether a second opinion may change what comes of a text."""
    return (SURELY_HARMLESS if first.sentence is None else QUIET) < first.need < SURELY_IN_NEED


def _strengths(by_key: dict[str, float], sentence: int | None) -> Strengths:
    """Return the strengths of log odds by key: the need is that of all answers together."""
    return Strengths(float(np.logaddexp.reduce(list(by_key.values()))), by_key, sentence)


def examples(phrases: SafetyPhrases, curated: Sequence[tuple[str, str]]) -> tuple[list[str], Labels]:
    """Return texts and their keys (or HARMLESS); the phrases say what a curated question means for safety."""
    known = {key for key, _ in phrases.needing}
    said = {text_cleaner.clean(asked): key if key in known else HARMLESS for key, asked in curated}
    said |= {text_cleaner.clean(phrase): key for key, phrase in phrases.needing}
    said |= {text_cleaner.clean(phrase): HARMLESS for phrase in phrases.harmless}
    return list(said), np.array(list(said.values()))


def _bare(cleaned: str) -> str:
    """Return a cleaned message without what ends a sentence."""
    return cleaned.strip(" .?!")


def _sentences(text: SafetyText) -> Iterator[tuple[int, str]]:
    """Yield the sentences that are read by themselves, cleaned, and their numbers."""
    if len(text.sentences) > 1 or text.has_slips:
        for i, said in enumerate(text.sentences):
            if len(said.split()) >= SHORTEST:
                yield i, text_cleaner.clean(said)
