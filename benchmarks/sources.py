"""Where the benchmarks read from, and the trained model they measure."""

from __future__ import annotations

import csv
import os
import tarfile
import tempfile
from functools import lru_cache
from pathlib import Path

import yaml

from hair_answers.nlu.matcher import Matcher
from hair_answers.operations.training import ROOT, train

DATA = ROOT / "benchmarks" / "data"
# Real people's questions: some came from people in distress, so they are not published with the project.
QUESTIONS = Path(os.environ.get("REAL_QUESTIONS", ROOT.parent / "shared" / "benchmarks" / "real_questions"))


@lru_cache(maxsize=1)
def trained_matcher() -> Matcher:
    """Return the matcher inside the current model, training first if it is out of date."""
    with tempfile.TemporaryDirectory() as folder, tarfile.open(train(ROOT)) as model:
        members = [m for m in model.getmembers() if "AnswerMatcher" in m.name]
        model.extractall(folder, members=members, filter="data")
        trained = next(Path(folder).rglob("classes.npz")).parent
        return Matcher.load(trained)


def own_phrases() -> list[tuple[str, str]]:
    """Return every (key, phrase) of data/."""
    pairs = []
    for path in sorted((ROOT / "data").rglob("*.yml")):
        for block in yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader).get("nlu") or []:
            if "intent" in block:
                lines = block["examples"].splitlines()
                pairs += [
                    (block["intent"], line.strip().removeprefix("- ")) for line in lines if line.strip()
                ]
    return pairs


def own_responses() -> dict[str, list[dict[str, object]]]:
    """Return every response of data/ with its metadata, by name."""
    found: dict[str, list[dict[str, object]]] = {}
    for path in sorted((ROOT / "data").rglob("*.yml")):
        found.update(yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader).get("responses") or {})
    return found


def real_questions(name: str) -> list[dict[str, str]]:
    """Return the rows of one file of development questions, or none where they are not at hand."""
    path = QUESTIONS / f"{name}.tsv"
    if not path.is_file():
        return []
    with path.open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
