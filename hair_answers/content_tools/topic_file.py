"""Edit one data/faq file and leave everything that was not meant as it was: comments, order, quotes."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import LiteralScalarString

NO_WRAP = 1_000_000  # characters: the files decide their own line breaks


class TopicFile:
    """A topic file open for editing; `save` writes it only when its text changed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._before = path.read_text(encoding="utf-8")
        self.data: Any = _yaml().load(self._before)

    def answer(self, key: str) -> Any:
        """The first variation of `utter_<key>` (text and metadata), open for editing."""
        return self.data["responses"][f"utter_{key}"][0]

    def set_text(self, holder: Any, name: str, text: str) -> None:
        """Set a text; several lines are written as a block, and an equal text is left untouched."""
        old = holder.get(name)
        if old is not None and str(old).strip() == text.strip():
            return
        if not text.strip():
            holder.pop(name, None)
        elif "\n" in text.strip() or name in ("text", "more"):
            holder[name] = LiteralScalarString(text.strip() + "\n")
        else:
            holder[name] = text.strip()

    def set_phrases(self, key: str, phrases: list[str]) -> None:
        """Replace the phrases of `key`; an equal list is left untouched, with its comments."""
        for block in self.data["nlu"]:
            if block.get("intent") == key and _phrases(block["examples"]) != phrases:
                block["examples"] = LiteralScalarString("".join(f"- {phrase}\n" for phrase in phrases))

    def save(self) -> bool:
        """Write the file in one step when it changed; says whether it did."""
        out = io.StringIO()
        _yaml().dump(self.data, out)
        if out.getvalue() == self._before:
            return False
        draft = self.path.with_suffix(".tmp")
        draft.write_text(out.getvalue(), encoding="utf-8")
        os.replace(draft, self.path)
        return True


def _yaml() -> Any:
    """A round-trip parser with the style of the topic files."""
    yaml: Any = YAML()
    yaml.preserve_quotes = True
    yaml.width = NO_WRAP
    yaml.indent(mapping=2, sequence=2, offset=0)
    return yaml


def _phrases(examples: str) -> list[str]:
    """The phrases of an examples block."""
    return [line.strip()[1:].strip() for line in str(examples).splitlines() if line.strip().startswith("-")]
