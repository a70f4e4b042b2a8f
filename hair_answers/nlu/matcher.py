"""The matcher itself, free of Rasa: phrases in, a decision about a text out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hair_answers.nlu import calibration, encoder, text_cleaner
from hair_answers.nlu.answer_classifier import AnswerClassifier
from hair_answers.nlu.calibration import Calibration
from hair_answers.nlu.embedding_cache import EmbeddingCache
from hair_answers.nlu.encoder import shared_encoder
from hair_answers.nlu.neighbours import neighbours
from hair_answers.nlu.phrase_kernel import PhraseKernel
from hair_answers.nlu.speller import Speller

LONG_POST = 25  # words: from here on the question may be buried in one sentence
SHORTEST_SENTENCE = 3  # words
# Kinds of message that no curated answer serves: they need no "did you mean" and never stand in one.
CONTROL_TOPICS = frozenset(
    {"small_talk", "out_of_scope", "follow_up", "handoff", "feedback", "guided_check", "privacy_request"}
)


@dataclass(frozen=True)
class Match:
    """What one text most probably asks: `ranking` best first, confidence of the first, and the decision."""

    ranking: tuple[tuple[str, float], ...]
    confidence: float
    decision: str

    @property
    def key(self) -> str:
        """The winning key."""
        return self.ranking[0][0]


@dataclass
class Matcher:
    """A fitted matcher; `near` is the (keys, keys) matrix of answers that serve each other's questions."""

    kernel: PhraseKernel
    classifier: AnswerClassifier
    calibration: Calibration
    near: npt.NDArray[np.bool_]
    phrases: list[str]
    names: list[str]

    def __post_init__(self) -> None:
        self._speller = Speller(
            encoder.VOCABULARY.read_text(encoding="utf-8").splitlines(), self.phrases, self.names
        )

    @classmethod
    def fit(
        cls,
        examples: Sequence[tuple[str, str]],
        responses: Mapping[str, Sequence[Mapping[str, Any]]],
        cache: EmbeddingCache,
        names: Sequence[str] = (),
    ) -> Matcher:
        """Fit on (key, phrase) pairs and calibrate out of fold.

        `responses` hold the answers' metadata, `names` are words the speller must not touch.
        """
        pairs = sorted({(key, text_cleaner.clean(phrase)) for key, phrase in examples})
        keys = sorted({key for key, _ in pairs})
        if len(keys) < 2:
            raise ValueError(f"found phrases for {len(keys)} answers. Cure: write at least two.")
        place = {key: index for index, key in enumerate(keys)}
        labels = np.array([place[key] for key, _ in pairs])
        phrases = [phrase for _, phrase in pairs]
        kernel = PhraseKernel.fit(phrases, cache.encode(phrases))
        classifier, out_of_fold = AnswerClassifier.fit(keys, labels, kernel.gram())
        in_scope = np.array([key.partition("/")[0] not in CONTROL_TOPICS for key in keys])
        near = neighbours(keys, responses)
        calibrated = calibration.calibrate(out_of_fold, in_scope, near)
        return cls(kernel, classifier, calibrated, near, phrases, sorted(set(names)))

    @property
    def keys(self) -> list[str]:
        """Every key the matcher can answer with, sorted."""
        return self.classifier.keys

    def save(self, folder: Path) -> None:
        """Write everything without pickle."""
        self.kernel.save(folder)
        self.classifier.save(folder)
        self.calibration.save(folder)
        np.save(folder / "neighbours.npy", self.near)
        words = {"phrases": self.phrases, "names": self.names}
        (folder / "words.json").write_text(json.dumps(words), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Matcher:
        """Read what `save` wrote."""
        return cls(
            PhraseKernel.load(folder),
            AnswerClassifier.load(folder),
            Calibration.load(folder),
            np.load(folder / "neighbours.npy", allow_pickle=False),
            **json.loads((folder / "words.json").read_text(encoding="utf-8")),
        )

    def match(self, text: str) -> Match:
        """Return what `text` asks; in a long post, what its clearest sentence asks when that is clearer."""
        whole = self.match_sentence(text)
        if len(text.split()) < LONG_POST:
            return whole
        parts = text_cleaner.sentences(text)
        sentences = [part for part in parts if SHORTEST_SENTENCE <= len(part.split()) < LONG_POST]
        return max([whole, *map(self.match_sentence, sentences)], key=lambda match: match.confidence)

    def match_sentence(self, text: str) -> Match:
        """Return what a text asks, read as one question."""
        question = self._speller.repair(text_cleaner.clean(text))
        scores = self.classifier.scores(self.kernel.similarities(question, shared_encoder().recall(question)))
        confidence = float(self.calibration.probability(scores, self.near)[0])
        joint = scores.joint[0]
        order = np.argsort(-joint)
        # The winner carries the calibrated number; the others follow in proportion to their joint score.
        unit = confidence / float(joint[order[0]])
        ranking = tuple((self.keys[i], float(joint[i]) * unit) for i in order)
        return Match(ranking, confidence, self._decide(ranking[0][0], confidence))

    def _decide(self, key: str, confidence: float) -> str:
        decision = self.calibration.decision(confidence)
        # Declining or taking up a thread on a fair guess costs nothing; a wrong medical answer does.
        if decision == "offer" and key.partition("/")[0] in CONTROL_TOPICS:
            return "answer"
        return decision
