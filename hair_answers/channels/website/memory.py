"""What the channel remembers of each conversation for a while, so that a lost connection loses nothing."""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Any

CONVERSATIONS = 5_000  # kept in memory, least recently used goes first
MESSAGES = 40  # bot messages kept per conversation for a browser that comes back
TURNS = 60  # message ids kept per conversation, to answer each once


@dataclass
class Conversation:
    """The latest bot messages, numbered, and the turns by the browser's message id."""

    name: str = field(default_factory=lambda: secrets.token_hex(6))
    sent: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=MESSAGES))
    count: int = 0
    turns: OrderedDict[str, asyncio.Task[dict[str, Any]]] = field(default_factory=OrderedDict)

    def begin(self, message_id: str, turn: asyncio.Task[dict[str, Any]]) -> None:
        """Remembers a turn under its message id; the oldest finished ones are forgotten."""
        self.turns[message_id] = turn
        while len(self.turns) > TURNS:
            self.turns.popitem(last=False)


class Memory:
    """Conversations by sender id; a cursor `<name>:<number>` says what a browser has seen of one."""

    def __init__(self) -> None:
        self._conversations: OrderedDict[str, Conversation] = OrderedDict()

    def of(self, sender_id: str) -> Conversation:
        """The conversation of this sender, new if need be."""
        conversation = self._conversations.setdefault(sender_id, Conversation())
        self._conversations.move_to_end(sender_id)
        if len(self._conversations) > CONVERSATIONS:
            self._conversations.popitem(last=False)
        return conversation

    def record(self, sender_id: str, message: dict[str, Any]) -> dict[str, Any]:
        """The bot message with its cursor, kept for a browser that misses it."""
        conversation = self.of(sender_id)
        conversation.count += 1
        numbered = {**message, "cursor": f"{conversation.name}:{conversation.count}"}
        conversation.sent.append(numbered)
        return numbered

    def missed(self, sender_id: str, cursor: object) -> list[dict[str, Any]]:
        """The kept messages after `cursor`; all of them when the cursor is from before a restart or is none."""
        sent = list(self.of(sender_id).sent)
        seen = next((i for i, message in enumerate(sent, 1) if message["cursor"] == cursor), 0)
        return sent[seen:]

    def forget(self, sender_id: str) -> None:
        """Drops everything kept of this conversation."""
        self._conversations.pop(sender_id, None)
