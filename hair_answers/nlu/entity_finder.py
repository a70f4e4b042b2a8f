"""Finds the names a message holds: subjects, cells, designs, sex, age, region, ordinals, years."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import spacy
from rapidfuzz.distance import DamerauLevenshtein
from rapidfuzz.process import extractOne
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc, Span
from spacy.util import filter_spans

from hair_answers.operations import fast_domain

VOCABULARY = Path(__file__).parent / "data" / "wordpiece_vocabulary.txt"
NAMES_FILE = "names.json"
SHORTEST_REPAIRED = 5  # letters: shorter words are too easily another word
_YEAR = re.compile(
    r"\b(?:(?P<after>after|since|from|newer than|later than)|(?P<before>before|until|older than))?\s*"
    r"(?P<year>(?:19|20)\d\d)\b",
    re.IGNORECASE,
)
_NUMBERED = re.compile(
    r"\b(?P<part>step|stage|phase|benefit|drawback|cause|option|point|number|no|nr|#)\.?\s*#?"
    r"(?P<number>[1-9]|one|two|three|four|five|six|seven|eight)\b",
    re.IGNORECASE,
)
_WORDS = {w: i for i, w in enumerate("one two three four five six seven eight".split(), start=1)}

Names = Mapping[str, Iterable[str]]  # "subject/prp" → how people write it


@dataclass(frozen=True)
class Name:
    """One name found: its kind, its value, and where it stands (characters)."""

    kind: str
    value: str
    start: int
    end: int


@lru_cache(maxsize=1)
def _english_words() -> frozenset[str]:
    """Return whole words that are spelt right: they are never taken for a slip."""
    return frozenset(VOCABULARY.read_text(encoding="utf-8").split())


class NameFinder:
    """spaCy's PhraseMatcher over the names, after repairing slips in words that are no English words."""

    def __init__(self, names: Names) -> None:
        self._reader = spacy.blank("en")
        self._matcher = PhraseMatcher(self._reader.vocab, attr="LOWER")
        self._words: set[str] = set()
        for label, variants in names.items():
            spellings = sorted({form for variant in variants for form in _forms(variant)})
            self._matcher.add(label, list(self._reader.pipe(spellings)))
            self._words.update(word for form in spellings for word in form.split())
        self._repairable = sorted(word for word in self._words if len(word) >= SHORTEST_REPAIRED)

    def find(self, text: str) -> list[Name]:
        """Return the names in `text`, left to right; of two of one kind that overlap, the longer."""
        typed = self._reader(text)
        # Word by word, so that every place still counts in the text as it was typed.
        doc = Doc(typed.vocab, words=[self._repair_word(token.text) for token in typed])
        by_kind: dict[str, list[Span]] = {}
        for span in self._matcher(doc, as_spans=True):
            by_kind.setdefault(span.label_.partition("/")[0], []).append(span)
        found = [
            Name(kind, span.label_.partition("/")[2], *_place(typed[span.start : span.end]))
            for kind, spans in by_kind.items()
            for span in filter_spans(spans)
        ]
        return sorted([*found, *_numbers(text)], key=lambda name: (name.start, name.kind))

    def _repair_word(self, word: str) -> str:
        low = word.lower()
        known = low in self._words or low in _english_words() or low.removesuffix("s") in _english_words()
        if len(low) < SHORTEST_REPAIRED or known:
            return word
        slips = 1 if len(low) < 8 else 2
        best = extractOne(low, self._repairable, scorer=DamerauLevenshtein.distance, score_cutoff=slips)
        return str(best[0]) if best and best[0][0] == low[0] else word


def _place(span: Span) -> tuple[int, int]:
    """Return where a span stands, in characters."""
    return span.start_char, span.end_char


def _forms(name: str) -> set[str]:
    """Return a name and its plural."""
    low = name.strip().lower()
    return {low} if low.endswith("s") else {low, f"{low}s"}


def _numbers(text: str) -> list[Name]:
    """Return years with their direction ("after 2020") and numbered parts ("step 3")."""
    found = []
    for match in _YEAR.finditer(text):
        kind = "year_from" if match["after"] else "year_to" if match["before"] else "year"
        found.append(Name(kind, match["year"], match.start("year"), match.end("year")))
    for match in _NUMBERED.finditer(text):
        said = match["number"].lower()
        value = str(_WORDS.get(said) or said)
        found.append(Name("ordinal", value, match.start("number"), match.end("number")))
    return found


def lookup_names(training_data: TrainingData) -> dict[str, list[str]]:
    """Return the look-ups of data/nlu/entities.yml."""
    return {
        table["name"]: list(table["elements"])
        for table in training_data.lookup_tables
        if "/" in table["name"] and isinstance(table["elements"], list)
    }


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class EntityFinder(GraphComponent):
    """Adds the names of a message as entities, for follow-ups, comparisons and study look-ups."""

    @staticmethod
    def required_packages() -> list[str]:
        """Return what must be importable."""
        return ["spacy", "rapidfuzz"]

    def __init__(self, model_storage: ModelStorage, resource: Resource, names: Names) -> None:
        self._model_storage = model_storage
        self._resource = resource
        self._finder = NameFinder(names)

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> EntityFinder:
        """Make a finder that knows no name yet."""
        return cls(model_storage, resource, {})

    def train(self, training_data: TrainingData) -> Resource:
        """Store the names with the model."""
        names = lookup_names(training_data)
        with self._model_storage.write_to(self._resource) as folder:
            (folder / NAMES_FILE).write_text(json.dumps(names, sort_keys=True), encoding="utf-8")
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> EntityFinder:
        """Load the names; the first component of a model to load, so it readies what loads after it."""
        fast_domain.install()
        with model_storage.read_from(resource) as folder:
            names = json.loads((folder / NAMES_FILE).read_text(encoding="utf-8"))
        return cls(model_storage, resource, names)

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the entities to each message."""
        for message in messages:
            text = message.get(TEXT)
            if text and not text.startswith("/"):
                found = [
                    {"entity": name.kind, "value": name.value, "start": name.start, "end": name.end}
                    for name in self._finder.find(text)
                ]
                message.set(ENTITIES, [*message.get(ENTITIES, []), *found], add_to_output=True)
        return messages
