"""Unanswered questions, gathered by meaning."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.cluster import AgglomerativeClustering

from hair_answers.operations.turns import Turn

APART = 0.45  # cosine distance at which two questions no longer mean the same
MOST = 2_000  # distinct questions clustered: the most frequent ones
UNANSWERED = ("unanswered", "offered")

Encode = Callable[[Sequence[str]], np.ndarray]


@dataclass(frozen=True)
class Cluster:
    """Questions that mean the same: the most typical first, how often they came, and the nearest answer."""

    questions: tuple[str, ...]
    count: int
    people: int
    suggestion: str


def unanswered(turns: Sequence[Turn]) -> list[Turn]:
    """The turns that got an offer or nothing; buttons and emptied texts are no questions."""
    return [
        turn
        for turn in turns
        if turn.outcome in UNANSWERED and len(turn.text.split()) > 1 and not turn.text.startswith("/")
    ]


def cluster(turns: Sequence[Turn], encode: Encode) -> list[Cluster]:
    """Cluster by meaning, the most frequent first."""
    asked: dict[str, list[Turn]] = {}
    for turn in turns:
        asked.setdefault(" ".join(turn.text.lower().split()), []).append(turn)
    texts = sorted(asked, key=lambda text: -len(asked[text]))[:MOST]
    if not texts:
        return []
    vectors = np.asarray(encode(texts))
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    labels = _labels(vectors)
    found = [
        _describe([t for t, own in zip(texts, labels, strict=True) if own == label], asked)
        for label in set(labels)
    ]
    return sorted(found, key=lambda cluster: (-cluster.people, -cluster.count, cluster.questions))


def _labels(vectors: np.ndarray) -> list[int]:
    if len(vectors) == 1:
        return [0]
    model = AgglomerativeClustering(None, metric="cosine", linkage="average", distance_threshold=APART)
    return [int(label) for label in model.fit_predict(vectors)]


def _describe(texts: list[str], asked: dict[str, list[Turn]]) -> Cluster:
    own = [turn for text in texts for turn in asked[text]]
    nearest = Counter(turn.candidates[0] for turn in own if turn.candidates)
    suggestion = nearest.most_common(1)[0][0] if nearest else ""
    return Cluster(tuple(texts), len(own), len({turn.conversation for turn in own}), suggestion)
