"""Which answers serve each other's questions: the same subject, or named as related by either."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

# Subjects so wide that two of their answers may have nothing to do with each other.
WIDE_SUBJECTS = frozenset({"hair_loss", "stem_cell_therapy", "assistant", "clinic", ""})
# A follow-up without its subject asks the same as a topic's question: which aspect stands for which kind is its own
# module's matter, so here any answer of the aspect serves.
FOLLOW_UP = "follow_up"


def neighbours(
    keys: Sequence[str], responses: Mapping[str, Sequence[Mapping[str, Any]]]
) -> npt.NDArray[np.bool_]:
    """Return a symmetric (keys, keys) matrix; `responses` are Rasa's, with the answers' metadata."""
    metadata = [_metadata(responses, key) for key in keys]
    place = {key: index for index, key in enumerate(keys)}
    near = np.eye(len(keys), dtype=bool)
    for index, (key, own) in enumerate(zip(keys, metadata, strict=True)):
        for related in own.get("related") or ():
            if related in place:
                near[index, place[related]] = True
        for other in range(index):
            near[index, other] |= _same_subject(own, metadata[other]) or _same_aspect(
                key, own, keys[other], metadata[other]
            )
    return near | near.T


def _metadata(responses: Mapping[str, Sequence[Mapping[str, Any]]], key: str) -> Mapping[str, Any]:
    variations = responses.get(f"utter_{key}") or [{}]
    return variations[0].get("metadata") or {}


def _same_subject(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    subject = one.get("subject") or ""
    return subject not in WIDE_SUBJECTS and subject == other.get("subject")


def _same_aspect(key: str, own: Mapping[str, Any], other_key: str, other: Mapping[str, Any]) -> bool:
    for follow_up, answer in ((key, other), (other_key, own)):
        topic, _, kind = follow_up.partition("/")
        if topic == FOLLOW_UP and answer.get("aspect") == kind:
            return True
    return False
