"""What people in need say in their own words, and what only sounds like it (evidence/safety_phrases/)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import yaml

FOLDER = Path(__file__).parents[2] / "evidence" / "safety_phrases"
HARMLESS = "harmless"
SAYINGS = 4  # settings in which each sign is said


class SafetyPhraseError(ValueError):
    """A faulty phrase file; the message says how to mend it."""


@dataclass(frozen=True)
class SafetyPhrases:
    """(key, phrase) of messages in need, and harmless phrases."""

    needing: tuple[tuple[str, str], ...]
    harmless: tuple[str, ...]

    @classmethod
    def load(cls, folder: Path = FOLDER) -> SafetyPhrases:
        """Read a file a key and join settings with signs; harmless signs are told in everybody's settings."""
        content = {path.stem: _read(path) for path in files(folder)}
        harmless = content.pop(HARMLESS)
        needing = [
            (f"safety/{name}", said) for name, said_of in content.items() for said in _sayings(said_of)
        ]
        settings = sorted(
            {setting for said_of in content.values() for setting in said_of.get("settings", ())}
        )
        framed = [
            frame.format(topic)
            for frame, topic in product(harmless.get("frames", ()), harmless.get("topics", ()))
        ]
        return cls(tuple(needing), (*_sayings({**harmless, "settings": settings}), *framed))

    def texts(self) -> tuple[str, ...]:
        """Return all that is said, in need or not."""
        return (*(phrase for _, phrase in self.needing), *self.harmless)


def files(folder: Path = FOLDER) -> list[Path]:
    """Return the files that hold the phrases."""
    return sorted(folder.glob("*.yml"))


def _read(path: Path) -> dict[str, list[str]]:
    """Return a file's lists, or raise SafetyPhraseError with the cure."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise SafetyPhraseError(
            f"{path.name} is no valid YAML: {error}. Cure: quote the line it names."
        ) from error
    lists = content.values() if isinstance(content, dict) else ()
    if not lists or "phrases" not in content or not all(isinstance(own, list) for own in lists):
        raise SafetyPhraseError(f"{path.name} needs a list `phrases`. Cure: see README.md beside it.")
    for said in (said for own in lists for said in own):
        if not isinstance(said, str) or not said.strip():
            raise SafetyPhraseError(
                f"{path.name} holds {said!r}, which is no phrase. Cure: put it in quotes."
            )
    return dict(content)


def _sayings(content: dict[str, list[str]]) -> Iterable[str]:
    yield from content["phrases"]
    settings = content.get("settings", [])
    for i, sign in enumerate(content.get("signs", ())):
        for j in range(SAYINGS):
            yield settings[(i + j * max(1, len(settings) // SAYINGS)) % len(settings)].format(sign)
