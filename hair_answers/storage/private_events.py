"""A turn's events as plain data without identifiers, and the short memory that an open form needs."""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

from rasa.shared.core.events import Event
from rasa.shared.core.trackers import DialogueStateTracker

from hair_answers.knowledge.library import Library
from hair_answers.storage.redaction import find, redact_deep

ERASED = "privacy_request/erase_now"  # what the bot says when a conversation was erased
ERASED_BY = "action_delete_conversation"  # the only action whose word for it counts
REMOVED = "[REMOVED]"
KEEP_SECONDS = 30 * 60  # as long as a form may stay open
KEEP_CONVERSATIONS = 1_000
RANKED = 3  # intents kept of the ranking
# Slots of a form that asks who somebody is: their values are personal whatever they look like.
_PERSONAL_SLOT = re.compile(r"(?:^|_)(?:name|phone|email|contact|address|birth|reach)(?:_|$)")
# Keys whose values the project itself wrote.
_OWN_KEYS = frozenset(
    "event name intent action_name policy key keys utter_action intent_response_key message_id"
    " model_id assistant_id "
    "input_channel timestamp payload url urls source_line sources answer related candidates"
    " reviewed next_review "
    "helplines evidence origin template_name".split()
)


class PersonalValues:
    """Raw values of personal slots, in this process's memory only, while a form may still need them."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._values: OrderedDict[str, tuple[float, dict[str, Any]]] = OrderedDict()

    def keep(self, sender_id: str, slot: str, value: Any) -> None:
        """Remember a slot's value; None forgets it."""
        _, values = self._values.pop(sender_id, (0.0, {}))
        values = {name: kept for name, kept in values.items() if name != slot}
        if value is not None:
            values[slot] = value
        if values:
            self._values[sender_id] = (self._clock() + KEEP_SECONDS, values)
        while len(self._values) > KEEP_CONVERSATIONS:
            self._values.popitem(last=False)

    def of(self, sender_id: str) -> dict[str, Any]:
        """The values still remembered."""
        until, values = self._values.get(sender_id, (0.0, {}))
        if self._clock() < until:
            return values
        self._values.pop(sender_id, None)
        return {}

    def forget(self, sender_id: str) -> None:
        """Drop all values of a conversation."""
        self._values.pop(sender_id, None)


def is_personal(slot: object) -> bool:
    """True for a slot that holds who somebody is or how to reach them."""
    return isinstance(slot, str) and _PERSONAL_SLOT.search(slot) is not None


def was_erased(events: Iterable[Event]) -> bool:
    """True when the deleting action ran in these events and told the person that it worked."""
    ran = False
    for event in events:
        ran = ran or getattr(event, "action_name", None) == ERASED_BY
        if (
            ran
            and event.type_name == "bot"
            and (event.metadata or {}).get("metadata", {}).get("answer") == ERASED
        ):
            return True
    return False


def private_events(
    tracker: DialogueStateTracker, events: Iterable[Event], personal: PersonalValues
) -> Iterator[dict[str, Any]]:
    """Yield the events as data that may be kept; raw slot values go to `personal` instead."""
    events = list(events)
    asked = _asked_before(tracker, len(tracker.events) - len(events))
    said = [
        found for event in events if (found := getattr(event, "text", None)) and event.type_name == "user"
    ]
    secrets = {text[start:end] for text in said for start, end, _ in find(text)}
    secrets |= {value for value in personal.of(tracker.sender_id).values() if isinstance(value, str)}
    for event in events:
        data = event.as_dict()
        kind = data["event"]
        if kind == "user" and is_personal(asked):
            secrets.add(str(data.get("text") or ""))
            data = _without_text(data)
        elif kind == "slot":
            if data.get("name") == "requested_slot":
                asked = data.get("value")
            data = _slot(tracker.sender_id, data, personal, secrets)
        elif kind == "bot":
            data = _bot(data, secrets)
        elif kind in ("user", "entities", "user_featurization", "action", "reminder", "undo"):
            data = redact_deep(data, _OWN_KEYS)
        if kind == "user":
            data["metadata"] = redact_deep(data.get("metadata"))
            data["parse_data"] = _short(data.get("parse_data") or {})
        yield data


def _asked_before(tracker: DialogueStateTracker, place: int) -> Any:
    """The slot an open form was asking for when the turn began."""
    for event in reversed(list(tracker.events)[:place]):
        if event.type_name == "slot" and getattr(event, "key", None) == "requested_slot":
            return getattr(event, "value", None)
    return None


def _without_text(data: dict[str, Any]) -> dict[str, Any]:
    """A reply to "what is your name": nothing of it is kept but that it came."""
    parsed = data.get("parse_data") or {}
    intent = {"name": (parsed.get("intent") or {}).get("name"), "confidence": 1.0}
    return {**data, "text": REMOVED, "parse_data": {"text": REMOVED, "intent": intent, "entities": []}}


def _short(parsed: dict[str, Any]) -> dict[str, Any]:
    """What was understood, with the first intents of the ranking: every turn reads it again."""
    ranking = parsed.get("intent_ranking")
    return {**parsed, "intent_ranking": ranking[:RANKED]} if ranking else parsed


def _slot(
    sender_id: str, data: dict[str, Any], personal: PersonalValues, secrets: set[str]
) -> dict[str, Any]:
    value, name = data.get("value"), data.get("name")
    kept = REMOVED if is_personal(name) and value is not None else redact_deep(value)
    if name and (kept != value or is_personal(name)):
        if isinstance(value, str):
            secrets.add(value)
        personal.keep(sender_id, name, value)
    return {**data, "value": kept}


def _bot(data: dict[str, Any], secrets: set[str]) -> dict[str, Any]:
    """What the bot said: curated words pass, what a person wrote and the bot echoed does not."""
    told = redact_deep({"data": data.get("data"), "metadata": data.get("metadata")}, _OWN_KEYS)
    if ((data.get("metadata") or {}).get("metadata") or {}).get("private"):
        # A summary of what a person told the guided check: theirs to read and to print, not ours to keep.
        return {**data, **told, "text": REMOVED}
    return {**data, **told, "text": _without_echoes(data.get("text"), secrets)}


def _without_echoes(text: Any, secrets: set[str]) -> Any:
    if not isinstance(text, str) or text in _own_words():
        return text
    for secret in sorted((secret for secret in secrets if len(secret) > 2), key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", REMOVED, text)
    return _without_strangers(text)


@lru_cache(maxsize=2048)
def _without_strangers(text: str) -> str:
    """Redact what is no public number: the clinic's details and the help lines pass."""
    pieces, at = [], 0
    for start, end, kind in find(text):
        if not any(text[start:end].strip(" .,") in own for own in _public()):
            pieces += [text[at:start], f"[{kind}]"]
            at = end
    return "".join([*pieces, text[at:]])


@lru_cache(maxsize=1)
def _public() -> tuple[str, ...]:
    """Texts that may hold numbers: the clinic's own details, the help lines, every curated answer."""
    library = Library.default()
    lines = [f"{line.name} {line.number} {line.note}" for line in library.clinic.helplines()]
    voices = [text for utterance in library.voice.values() for text in utterance.texts]
    return (
        *library.clinic.placeholders().values(),
        *lines,
        *(answer.text for answer in library.answers.values()),
        *voices,
    )


@lru_cache(maxsize=1)
def _own_words() -> frozenset[str]:
    """Curated answers word for word: the common case, passed without a search."""
    return frozenset(answer.text.strip() for answer in Library.default().answers.values())
