"""Rasa's default pipeline on a copy of our own data: written, trained and served from the stock environment.

`python -m benchmarks.stock` writes and trains both variants (tens of minutes); the benchmarks do so by themselves.
The copy holds every phrase but a fixed tenth, which stays unseen so that both sides can be asked about it, and every
answer's text. `default` is the very pipeline of `rasa init`; `diet_flat` is its DIET alone on one intent an answer.
Both get rules only, as ours does: the default's TED policies would cost them more time and memory.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks.sources import ROOT, own_phrases, own_responses

PYTHON = ROOT / ".venv-stock" / "bin" / "python"
FOLDER = ROOT / "results" / "stock"
EPOCHS = 100  # of DIET and of the ResponseSelector, as `rasa init` writes them
HELD_OUT = 10  # one phrase in so many stays unseen
SEED = 20
FLAT = "__"  # stands for the slash in a flat intent: Rasa reads a slash as a retrieval intent
FEATURIZERS: tuple[dict[str, Any], ...] = (
    {"name": "WhitespaceTokenizer"},
    {"name": "RegexFeaturizer"},
    {"name": "LexicalSyntacticFeaturizer"},
    {"name": "CountVectorsFeaturizer"},
    {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
)
FALLBACK = {"name": "FallbackClassifier", "threshold": 0.3, "ambiguity_threshold": 0.1}
ENVIRONMENT = {"RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONWARNINGS": "ignore"}


@dataclass(frozen=True)
class Variant:
    """One way to build the bot with Rasa's own parts."""

    name: str
    title: str
    retrieval: bool  # one intent a topic and a ResponseSelector, or one intent an answer

    @property
    def folder(self) -> Path:
        """Where its project is written."""
        return FOLDER / self.name

    @property
    def model(self) -> Path:
        """Its trained model."""
        return self.folder / "models" / "stock.tar.gz"

    def pipeline(self, epochs: int) -> list[dict[str, Any]]:
        """Return its NLU components."""
        learning = {"epochs": epochs, "constrain_similarities": True}
        selector = [{"name": "EntitySynonymMapper"}, {"name": "ResponseSelector", **learning}]
        diet = {"name": "DIETClassifier", **learning}
        return [*FEATURIZERS, diet, *(selector if self.retrieval else ()), FALLBACK]


VARIANTS = (
    Variant("default", "Rasa's default pipeline (DIET + ResponseSelector)", True),
    Variant("diet_flat", "DIET alone, one intent an answer", False),
)


@dataclass(frozen=True)
class Training:
    """What one training cost; `made_of` is the digest of its project files."""

    made_of: str
    epochs: int
    seconds: float
    cpu_seconds: float
    trained: str  # date and time


def held_out(phrases: Sequence[tuple[str, str]]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return (kept, held out): a seeded tenth of every key's phrases, at least one."""
    by_key: dict[str, list[str]] = defaultdict(list)
    for key, phrase in sorted(set(phrases)):
        by_key[key].append(phrase)
    kept, apart = [], []
    choice = random.Random(SEED)
    for key, own in by_key.items():
        choice.shuffle(own)
        count = max(1, round(len(own) / HELD_OUT))
        apart += [(key, phrase) for phrase in own[:count]]
        kept += [(key, phrase) for phrase in own[count:]]
    return kept, apart


def intent_of(key: str, variant: Variant) -> str:
    """Return the name a key has as an intent."""
    return key if variant.retrieval else key.replace("/", FLAT)


def _nlu(phrases: Sequence[tuple[str, str]], variant: Variant) -> dict[str, Any]:
    lines: dict[str, list[str]] = defaultdict(list)
    for key, phrase in phrases:
        lines[intent_of(key, variant)].append(f"- {phrase}\n")
    return {
        "version": "3.1",
        "nlu": [{"intent": name, "examples": "".join(own)} for name, own in lines.items()],
    }


def _replies(keys: Sequence[str]) -> dict[str, str]:
    """Return the answers' texts by key; a key that an action answers in our bot gets its own name to say."""
    responses = own_responses()
    texts = {key: (responses.get(f"utter_{key}") or [{}])[0].get("text", key) for key in keys}
    return {key: str(text).replace("{", "").replace("}", "") for key, text in texts.items()}


def project(variant: Variant, epochs: int) -> dict[str, str]:
    """Return the files of the variant's project, by path."""
    kept, _ = held_out(own_phrases())
    keys = sorted({key for key, _ in kept})
    intents = sorted({intent_of(key, variant).partition("/")[0] for key in keys})
    rules = [
        {"rule": name, "steps": [{"intent": name}, {"action": f"utter_{name}"}]}
        for name in [*intents, "nlu_fallback"]
    ]
    replies = _replies(keys)
    responses = {f"utter_{intent_of(key, variant)}": [{"text": replies[key]}] for key in keys}
    responses["utter_nlu_fallback"] = [{"text": "Please say that in other words."}]
    own_actions = {"actions": [f"utter_{name}" for name in intents]} if variant.retrieval else {}
    config = {
        "recipe": "default.v1",
        "assistant_id": f"stock-{variant.name}",
        "language": "en",
        "pipeline": variant.pipeline(epochs),
        "policies": [{"name": "RulePolicy"}],
    }
    files = {
        "config.yml": config,
        "domain.yml": {"version": "3.1", "intents": intents, "responses": responses, **own_actions},
        "data/nlu.yml": _nlu(kept, variant),
        "data/rules.yml": {"version": "3.1", "rules": rules},
        "credentials.yml": {"rest": None},
        "endpoints.yml": {},
    }
    return {
        name: yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=10_000)
        for name, content in files.items()
    }


def digest(files: dict[str, str]) -> str:
    """Return one digest of a project."""
    return hashlib.sha256("".join(files.values()).encode()).hexdigest()


def check_environment() -> None:
    """Stop with the cure when the stock environment is not there."""
    if not PYTHON.with_name("rasa").is_file():
        sys.exit("The stock environment is missing. Cure: make setup STOCK=1 (2.7 GB; Linux on x86-64 only).")


def timed(command: Sequence[str | Path], folder: Path, environment: dict[str, str]) -> tuple[float, float]:
    """Run a command, its words going to command.log, and return its seconds on the clock and on the processors."""
    log = folder / "command.log"
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    with log.open("wb") as output:
        done = subprocess.run(
            command, cwd=folder, env={**os.environ, **environment}, stdout=output, stderr=subprocess.STDOUT
        )
    seconds = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        sys.exit(f"{log.read_text(errors='replace')[-4000:]}\n{command} failed; {log} says why.")
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def earlier_training(variant: Variant) -> Training | None:
    """Return the record of the model that is there when it was made of the data as it is now."""
    record = variant.folder / "training.json"
    if not (record.is_file() and variant.model.is_file()):
        return None
    training = Training(**json.loads(record.read_text(encoding="utf-8")))
    return training if training.made_of == digest(project(variant, training.epochs)) else None


def train(variant: Variant, epochs: int = EPOCHS) -> Training:
    """Train the variant on the data as it is now."""
    check_environment()
    files = project(variant, epochs)
    for name, content in files.items():
        path = variant.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    # Rasa's cache would hand an earlier run's parts over.
    shutil.rmtree(variant.folder / ".rasa", ignore_errors=True)
    command = [PYTHON, "-m", "rasa", "train", "--skip-validation", "--fixed-model-name", "stock"]
    seconds, cpu_seconds = timed(command, variant.folder, ENVIRONMENT)
    training = Training(digest(files), epochs, seconds, cpu_seconds, time.strftime("%Y-%m-%d %H:%M"))
    (variant.folder / "training.json").write_text(json.dumps(asdict(training), indent=1), encoding="utf-8")
    return training


def main() -> None:
    """Train both and print what it cost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("variants", nargs="*", default=[v.name for v in VARIANTS])
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    arguments = parser.parse_args()
    for variant in VARIANTS:
        if variant.name in arguments.variants:
            done = train(variant, arguments.epochs)
            print(
                f"{variant.title}: {done.seconds:.0f} s, {done.cpu_seconds:.0f} s of processor time",
                flush=True,
            )


if __name__ == "__main__":
    main()
