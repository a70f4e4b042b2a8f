"""What the bot is about to say: one message, by the name of its wording."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hair_answers.knowledge.answers import PREFIX


@dataclass(frozen=True)
class Bubble:
    """One message: a response's name, what fills its {placeholders}, the keys it answers, its chips and extras.

    `about` is the answer whose sources, grade and date it carries; `extra` is more metadata, such as a table.
    """

    response: str
    values: Mapping[str, str] = field(default_factory=dict)
    answer: str | tuple[str, ...] = ()
    about: str | None = None
    chips: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_curated(self) -> bool:
        """Tell a whole curated answer, spoken as it stands, from the bot's own words."""
        return self.response.startswith(PREFIX) and not (
            self.values or self.answer or self.about or self.extra
        )


def curated(key: str) -> Bubble:
    """Return the bubble that speaks one curated answer."""
    return Bubble(PREFIX + key)
