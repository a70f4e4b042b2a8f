"""Write the skeleton of a new answer: python -m hair_answers.content_tools.content_new TOPIC KEY"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from string import Template

import yaml

from hair_answers.knowledge.library import PROJECT
from hair_answers.knowledge.yaml_file import YamlFile, read_yaml

SKELETON = Path(__file__).with_name("skeleton.yml")
NAME = re.compile(r"[a-z][a-z0-9_]*")
HALF_A_YEAR = timedelta(days=182)


def main(arguments: Sequence[str] | None = None, today: date | None = None) -> int:
    """0 when the skeleton was written; 2 when the name is not usable or taken."""
    parser = argparse.ArgumentParser(prog="content_new", description=__doc__)
    parser.add_argument("topic", help="the file in data/faq, e.g. causes")
    parser.add_argument("key", help="the new answer's name, e.g. sunburn")
    parser.add_argument("--root", type=Path, default=PROJECT)
    options = parser.parse_args(arguments)
    for name in (options.topic, options.key):
        if not NAME.fullmatch(name):
            print(
                f"{name!r} is not a usable name → use small letters, digits, _",
                file=sys.stderr,
            )
            return 2
    path = options.root / "data" / "faq" / f"{options.topic}.yml"
    key = f"{options.topic}/{options.key}"
    new_topic = not path.exists()
    parts = _skeleton(key, options.key, today or date.today())
    if new_topic:
        path.write_text(parts["file"], encoding="utf-8")
    file = read_yaml(path, options.root)
    if ("responses", f"utter_{key}") in file.lines or key in _intents(file):
        print(f"{key} is already in {file.name} → choose another name, or edit that one", file=sys.stderr)
        return 2
    path.write_text(insert(path.read_text(encoding="utf-8"), file, parts), encoding="utf-8")
    print(f"Wrote {key} to {file.name}. Replace what is in CAPITALS, then run: make content-check")
    if new_topic:
        print(f"{options.topic} is a new topic: a developer must add it to domain.yml and data/rules.")
    return 0


def insert(text: str, file: YamlFile, parts: dict[str, str]) -> str:
    """`text` with the phrases at the end of `nlu:` and the answer at the end of `responses:`."""
    lines = text.splitlines()
    for section, part in (("responses", parts["answer"]), ("nlu", parts["phrases"])):
        if (section,) not in file.lines:
            lines += ["", f"{section}:", *part.splitlines()]
            continue
        start = file.lines[(section,)]  # the line after the section's name
        later = [line - 1 for path, line in file.lines.items() if len(path) == 1 and line > start]
        end = min(later, default=len(lines))
        while end > start and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
            end -= 1
        lines[end:end] = part.splitlines()
    return "\n".join(lines) + "\n"


def _skeleton(key: str, name: str, today: date) -> dict[str, str]:
    """The parts of skeleton.yml for one key."""
    words = name.replace("_", " ")
    values = {
        "key": key,
        "name": name,
        "title": words.capitalize(),
        "today": today.isoformat(),
        "next_review": (today + HALF_A_YEAR).isoformat(),
    }
    parts = yaml.safe_load(SKELETON.read_text(encoding="utf-8"))
    return {part: Template(text).substitute(values) for part, text in parts.items()}


def _intents(file: YamlFile) -> set[str]:
    """The intents of a topic file."""
    blocks = file.data.get("nlu") if isinstance(file.data, dict) else None
    return {str(block.get("intent")) for block in blocks or () if isinstance(block, dict)}


if __name__ == "__main__":
    sys.exit(main())
