"""The safety gate: after the matcher, before any policy, a red flag takes the message over."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections import Counter
from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, RESPONSE_SELECTOR, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from hair_answers.knowledge.library import Library
from hair_answers.nlu import (
    encoder,
    language_guess,
    matcher,
    ngrams,
    safety_encoder,
    safety_glance,
    safety_phrases,
    safety_question,
    safety_reader,
    safety_rules,
    safety_second_reader,
    safety_sense,
    safety_text,
    safety_verdict,
    text_cleaner,
)
from hair_answers.nlu.embedding_cache import EmbeddingCache
from hair_answers.nlu.language_guess import shared_guess
from hair_answers.nlu.memory import give_back
from hair_answers.nlu.response_selection import ranking_rows, selection
from hair_answers.nlu.safety_phrases import SafetyPhrases
from hair_answers.nlu.safety_question import KnownQuestions
from hair_answers.nlu.safety_reader import Finding, Reading, SafetyReader
from hair_answers.nlu.safety_rules import Rule
from hair_answers.nlu.safety_second_reader import shared_second_reader
from hair_answers.nlu.safety_sense import SafetySense, Strengths
from hair_answers.nlu.safety_verdict import REASSURED, Understanding, Verdict
from hair_answers.operations.safety_log import SafetyLog, tell_clinic

SAFETY = "safety"
REASSURED_INTENT = "reassured"
SMALL_TALK_OK = "small_talk/ok"  # what "I'm fine" gets when no safety answer came before
ANSWER_RANKING = "answer_ranking"
DECISION = "decision"
RANKING_LENGTH = 5
COMMON_FROM = 8  # phrases a word must stand in to count as spelt right
HELPERS = (
    encoder, language_guess, matcher, ngrams, safety_encoder, safety_glance, safety_phrases, safety_question,
    safety_reader, safety_rules, safety_second_reader, safety_sense, safety_text, safety_verdict, text_cleaner,
)  # fmt: skip


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class SafetyGate(IntentClassifier, GraphComponent):
    """Sets intent `safety`, its answer and `safety: {rule, tier, key, question?}` when help comes first."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the settings config.yml may change: `counts` is the file of the counts, or null for none."""
        return {"counts": None}

    @staticmethod
    def required_packages() -> list[str]:
        """Return what must be importable."""
        return ["spacy", "rapidfuzz", "onnxruntime"]

    def __init__(self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._reader: SafetyReader | None = None
        self._questions: KnownQuestions | None = None
        self._sense: SafetySense | None = None
        self._rules: dict[str, Rule] = {}
        self._log: SafetyLog | None = None

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SafetyGate:
        """Make an untrained gate."""
        return cls(config, model_storage, resource)

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """Retrain when a helper module or the reviewed rules change: Rasa itself watches only this class."""
        digest = hashlib.sha256("".join(inspect.getsource(helper) for helper in HELPERS).encode())
        for path in (safety_rules.PATH, *safety_phrases.files()):
            digest.update(path.read_bytes())
        return digest.hexdigest()

    def train(self, training_data: TrainingData) -> Resource:
        """Store the rules, what the phrases teach, the known questions and the words that count as spelt right."""
        examples = [(m.get_full_intent(), m.get(TEXT)) for m in training_data.intent_examples]
        keys = {key for key, _ in examples}
        ruled = {rule.key for rule in safety_rules.load().rules}
        missing = sorted(ruled - keys)
        if missing:
            raise ValueError(
                f"evidence/safety.yml names {missing}, which no file under data/ has. Cure: mend the key."
            )
        phrases = SafetyPhrases.load()
        unruled = sorted({key for key, _ in phrases.needing} - ruled)
        if unruled:
            raise ValueError(
                f"evidence/safety_phrases teaches {unruled}, which no rule answers with. Cure: mend the file's name."
            )
        said = [*(phrase for _, phrase in examples), *phrases.texts()]
        used = Counter(word for phrase in said for word in set(text_cleaner.clean(phrase).split()))
        with self._model_storage.write_to(self._resource) as folder:
            KnownQuestions.fit(examples, EmbeddingCache.default()).save(folder)
            SafetySense.fit(phrases, examples).save(folder)
            words = sorted(word for word, count in used.items() if count >= COMMON_FROM and word.isalpha())
            (folder / "words.json").write_text(json.dumps(words), encoding="utf-8")
            (folder / "safety.yml").write_bytes(safety_rules.PATH.read_bytes())
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> SafetyGate:
        """Load the rules the model was trained with."""
        gate = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            gate.read(folder)
        if config.get("counts"):
            gate._log = SafetyLog(Path(config["counts"]), Library.default().clinic.safety_alerts, tell_clinic)
        gate.hear("warm up")  # closely: the encoder is opened now, not by the first worried message
        shared_second_reader()
        give_back()
        return gate

    def read(self, folder: Path) -> None:
        """Read what training stored in `folder`."""
        rules = safety_rules.load(folder / "safety.yml")
        self._reader = SafetyReader(rules, json.loads((folder / "words.json").read_text(encoding="utf-8")))
        self._questions = KnownQuestions.load(folder)
        self._sense = SafetySense.load(folder)
        for rule in rules.rules:
            self._rules[rule.key] = rule  # most urgent first: the mildest stays

    def process(self, messages: list[Message]) -> list[Message]:
        """Take over each message that needs help before an FAQ."""
        for message in messages:
            text = message.get(TEXT)
            understood = _understanding(message)
            # A chip carries its answer's key: nobody typed a word.
            if text and self._reader and text != understood.key:
                self._act(message, understood, *self.judge(text, understood))
        return messages

    def judge(self, text: str, understood: Understanding) -> tuple[Verdict, Reading]:
        """Return the verdict on one typed message."""
        reading, heard = self.hear(text, closely=understood.answers_safety)
        return safety_verdict.judge(reading, understood, self._rules, heard), reading

    def hear(self, text: str, closely: bool = True) -> tuple[Reading, list[Strengths]]:
        """Return the signs of one typed message, and how strongly it speaks for help by the examples.

        A message with any sign is read closely in any case.
        """
        assert self._reader and self._sense
        reading = self._reader.read(text)
        # The examples are English: in another language signs alone count.
        unread = text.isspace() or shared_guess().is_foreign(text)
        if unread:
            return reading, []
        return reading, self._sense.read(text.lstrip("/"), reading.text, closely or reading.is_alarming)

    def _act(self, message: Message, understood: Understanding, verdict: Verdict, reading: Reading) -> None:
        if verdict.rule is not None:
            self._take_over(message, understood, verdict.rule, self._question(verdict.finding, reading))
        elif understood.decision == "answer" and (
            understood.key == REASSURED or _denies_crisis(verdict, reading)
        ):
            _reassure(message, understood)
        elif verdict.doubted:
            _offer_instead(message, understood)

    def _take_over(
        self, message: Message, understood: Understanding, rule: Rule, question: str | None
    ) -> None:
        found: dict[str, Any] = {"rule": rule.rule, "tier": rule.tier, "key": rule.key}
        if question:
            found["question"] = question
        rest = [row for row in understood.ranking if row[0] != rule.key]
        _decide(message, SAFETY, 1.0, [(rule.key, 1.0), *rest], "answer")
        _select(message, SAFETY, [(rule.key, 1.0), *(row for row in rest if row[0].startswith("safety/"))])
        message.set(SAFETY, found, add_to_output=True)
        # Rasa takes text that begins with a slash for a command, after every component of ours.
        message.set(TEXT, message.get(TEXT).lstrip("/ "), add_to_output=True)
        if self._log:
            self._log.record(rule.rule, rule.tier)

    def _question(self, finding: Finding | None, reading: Reading) -> str | None:
        """Return the answer key that the rest of the message asks for, when that is clear."""
        if finding is None or self._questions is None:
            return None
        return self._questions.nearest(reading.rest(finding))


def _denies_crisis(verdict: Verdict, reading: Reading) -> bool:
    """Tell "I am not suicidal" that the matcher took for a crisis."""
    return verdict.doubted and any(rule.tier == 0 for rule in reading.denied)


def _understanding(message: Message) -> Understanding:
    """Read what the matcher wrote."""
    ranking = [(row["key"], float(row["confidence"])) for row in message.get(ANSWER_RANKING) or ()]
    intent = message.get(INTENT) or {}
    return Understanding(ranking, float(intent.get("confidence") or 0.0), message.get(DECISION) or "abstain")


def _reassure(message: Message, understood: Understanding) -> None:
    """Route "it was a joke": the rules answer it by whether a safety answer came before."""
    _decide(message, REASSURED_INTENT, understood.confidence, list(understood.ranking), "answer")
    _select(message, SAFETY, [(REASSURED, understood.confidence)])
    _select(message, "small_talk", [(SMALL_TALK_OK, understood.confidence)])


def _offer_instead(message: Message, understood: Understanding) -> None:
    """Offer the likeliest other answers when the matcher's safety answer is not believed."""
    rest = [row for row in understood.ranking if not row[0].startswith("safety/")]
    intent, decision = ("did_you_mean", "offer") if rest else ("rephrase", "abstain")
    _decide(message, intent, rest[0][1] if rest else 0.0, rest, decision)


def _decide(
    message: Message, intent: str, confidence: float, ranking: list[tuple[str, float]], decision: str
) -> None:
    others = [row for row in message.get(INTENT_RANKING_KEY) or () if row["name"] != intent]
    first = {"name": intent, "confidence": confidence}
    message.set(INTENT, first, add_to_output=True)
    message.set(INTENT_RANKING_KEY, [first, *others], add_to_output=True)
    message.set(ANSWER_RANKING, ranking_rows(ranking, RANKING_LENGTH), add_to_output=True)
    message.set(DECISION, decision, add_to_output=True)


def _select(message: Message, topic: str, ranking: list[tuple[str, float]]) -> None:
    """Add the topic's answers to what is selected."""
    selected = dict(message.get(RESPONSE_SELECTOR) or {})
    selected["all_retrieval_intents"] = sorted({topic, *selected.get("all_retrieval_intents", ())})
    selected[topic] = selection(ranking)
    message.set(RESPONSE_SELECTOR, selected, add_to_output=True)
