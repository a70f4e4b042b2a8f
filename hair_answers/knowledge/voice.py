"""The bot's own voice: every `utter_…` of the project that is not a curated answer, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hair_answers.knowledge.answers import PREFIX
from hair_answers.knowledge.problem import ContentError, Report
from hair_answers.knowledge.yaml_file import YamlFile, expect_mapping, read_yaml


@dataclass(frozen=True)
class Utterance:
    """One thing the bot says of itself: its text variations and metadata of the first."""

    name: str
    texts: tuple[str, ...]
    metadata: Mapping[str, Any]
    file: str
    line: int

    @property
    def text(self) -> str:
        """The first variation."""
        return self.texts[0]


def voice_files(root: Path) -> list[Path]:
    """Every YAML file of data/ outside data/faq."""
    faq = root / "data" / "faq"
    return [path for path in sorted((root / "data").rglob("*.yml")) if faq not in path.parents]


def load_voice(root: Path, report: Report) -> dict[str, Utterance]:
    """Every utterance by its response name, e.g. `utter_welcome` or `utter_follow_up/more`."""
    voice: dict[str, Utterance] = {}
    for path in voice_files(root):
        try:
            file = read_yaml(path, root)
        except ContentError as error:
            report(error.problems[0])
            continue
        responses = expect_mapping(file, report).get("responses") or {}
        for name, variations in responses.items() if isinstance(responses, dict) else ():
            utterance = _read_utterance(file, str(name), variations, report)
            if utterance is None:
                continue
            if name in voice:
                first = voice[name]
                what = f"is already said in {first.file}:{first.line}; Rasa would silently keep one"
                report(file.problem(str(name), what, "keep one of the two", "responses", name))
            voice[str(name)] = utterance
    return voice


def _read_utterance(file: YamlFile, name: str, variations: Any, report: Report) -> Utterance | None:
    """One utterance, or None when nothing can be said."""
    rows = [row for row in variations if isinstance(row, dict)] if isinstance(variations, list) else []
    texts = tuple(str(row["text"]).strip() for row in rows if isinstance(row.get("text"), str))
    if not name.startswith(PREFIX) or not texts:
        report(
            file.problem(name, "says nothing", "name it utter_… and give it a `- text:`", "responses", name)
        )
        return None
    metadata = rows[0].get("metadata")
    known = metadata if isinstance(metadata, dict) else {}
    return Utterance(name, texts, known, file.name, file.line("responses", name))
