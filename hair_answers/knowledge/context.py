"""What a conversation is about: the answers of its last turns, read from events, never guessed from texts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

FADES_AFTER = 5  # turns without a new subject
MISSES = ("fallback/did_you_mean", "fallback/rephrase")
# After one of these the next question starts afresh.
ENDINGS = ("follow_up/something_else", "fallback/out_of_scope")
ENDING_TOPICS = ("out_of_scope", "safety")
# Turns between two questions that change nothing.
PASSING_TOPICS = (
    "small_talk",
    "fallback",
    "feedback",
    "follow_up",
    "handoff",
    "privacy_request",
    "guided_check",
)
USER, BOT, SESSION = "user", "bot", "session_started"

Event = Mapping[str, Any]


@dataclass(frozen=True)
class Turn:
    """One turn: the best keys of what was said, the keys answered (in order), and what was offered."""

    understood: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    subject: str = ""  # what was asked about, when the answer given was only the nearest
    parts: tuple[str, ...] = ()  # which part of an answer was given: "more", "brief"


@dataclass(frozen=True)
class Context:
    """The finished turns, latest first."""

    turns: tuple[Turn, ...] = ()

    @property
    def last(self) -> Turn:
        """The turn before this one; an empty one at the start."""
        return self.turns[0] if self.turns else Turn()

    @property
    def spoken(self) -> tuple[str, ...]:
        """Every content key of the last turns, latest first, safety answers included, without repeats."""
        keys = [key for turn in self.turns[:FADES_AFTER] for key in reversed(turn.answers)]
        return tuple(dict.fromkeys(key for key in keys if topic(key) not in PASSING_TOPICS))

    @property
    def recent(self) -> tuple[str, ...]:
        """The keys a follow-up may refer to, latest first: up to a change of subject, at most FADES_AFTER turns."""
        keys: list[str] = []
        for turn in self.turns[:FADES_AFTER]:
            if any(key in ENDINGS or topic(key) in ENDING_TOPICS for key in turn.answers):
                break
            keys += [key for key in reversed(turn.answers) if topic(key) not in PASSING_TOPICS]
        return tuple(dict.fromkeys(keys))

    @property
    def subject(self) -> str | None:
        """The subject last asked about when its answer was only the nearest one, which may be about another."""
        for turn in self.turns[:FADES_AFTER]:
            if turn.subject:
                return turn.subject
            if any(topic(key) not in PASSING_TOPICS for key in turn.answers) or set(turn.answers) & set(
                ENDINGS
            ):
                return None
        return None

    @property
    def focus(self) -> str | None:
        """The key that "it" refers to."""
        return self.recent[0] if self.recent else None

    def after(self, *keys: str) -> Context:
        """This context after one more turn that answered `keys`: for the later parts of one message."""
        return Context((Turn(answers=keys), *self.turns)) if keys else self


def topic(key: str) -> str:
    """Return the topic of an answer key."""
    return key.partition("/")[0]


def read_context(events_latest_first: Iterable[Event], turns: int = FADES_AFTER + 1) -> Context:
    """Read the finished turns from Rasa events as dictionaries, latest first; the current message is skipped."""
    found: list[Turn] = []
    said: list[Event] = []  # the bot's messages of the turn being read, latest first
    current = True
    for event in events_latest_first:
        kind = event.get("event")
        if kind == BOT and not current:
            said.append(event)
        elif kind == USER:
            if not current:
                found.append(_turn(event, reversed(said)))
            said, current = [], False
        elif kind == SESSION and not current:
            break
        if len(found) >= turns:
            break
    return Context(tuple(found))


def _turn(user: Event, messages: Iterable[Event]) -> Turn:
    ranking = (user.get("parse_data") or {}).get("answer_ranking") or []
    metadata = [(message.get("metadata") or {}).get("metadata") or {} for message in messages]
    return Turn(
        understood=tuple(row["key"] for row in ranking),
        answers=tuple(key for one in metadata for key in answer_keys(one)),
        candidates=tuple(key for one in metadata for key in one.get("candidates") or ()),
        subject=next(
            (str(one["subject"]) for one in metadata if one.get("lead_in") and one.get("subject")), ""
        ),
        parts=tuple(one["part"] for one in metadata if one.get("part")),
    )


def answer_keys(metadata: Mapping[str, Any]) -> list[str]:
    """Return the keys one bot message answered; a lead-in's list is left to the messages that follow it."""
    answer = metadata.get("answer")
    if metadata.get("lead_in") or not answer:
        return []
    return list(answer) if isinstance(answer, (list, tuple)) else [str(answer)]
