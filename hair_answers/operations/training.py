"""Train only when something that the model is made of has changed: `python -m hair_answers.operations.training`."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from hair_answers.knowledge.library import Library
from hair_answers.knowledge.problem import ContentError
from hair_answers.operations.noise import quiet_environment

ROOT = Path(__file__).resolve().parents[2]
MODEL = Path("models/hair-answers.tar.gz")
STAMP = Path("models/hair-answers.made-of")


class TrainingFailed(RuntimeError):
    """The model could not be made; the message holds what was said and the cure."""


def ingredients(root: Path) -> Iterator[Path]:
    """Yield every file the model is made of, in a stable order."""
    yield from (root / name for name in ("config.yml", "domain.yml", "requirements.txt"))
    for folder, pattern in (("data", "*.yml"), ("hair_answers/nlu", "*"), ("evidence", "safety.yml")):
        found = (root / folder).rglob(pattern)
        yield from sorted(path for path in found if path.is_file() and "__pycache__" not in path.parts)


def recipe(root: Path) -> str:
    """Return one digest of the ingredients' names and contents."""
    digest = hashlib.sha256()
    for path in ingredients(root):
        digest.update(str(path.relative_to(root)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def is_current(root: Path) -> bool:
    """Tell whether the stored model was made of what is there now."""
    stamp = root / STAMP
    return (root / MODEL).is_file() and stamp.is_file() and stamp.read_text().strip() == recipe(root)


def train(root: Path = ROOT) -> Path:
    """Train if needed and return the model's path; a content fault stops with file, key and cure."""
    if is_current(root):
        return root / MODEL
    made_of = recipe(root)
    try:
        Library.load(root)
    except ContentError as error:
        raise TrainingFailed(f"The content has faults, so nothing was trained:\n{error}") from error
    print("Training the bot (only when content or code changed) …", flush=True)
    started = time.monotonic()
    # The content was checked above, and `make check` runs Rasa's own validation: twice the time for nothing here.
    command = [sys.executable, "-m", "rasa", "train", "--skip-validation", "--out", "models"]
    done = subprocess.run(
        [*command, "--fixed-model-name", MODEL.name.removesuffix(".tar.gz")],
        cwd=root,
        env={**quiet_environment(), "LOG_LEVEL": "WARNING", "TQDM_DISABLE": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    if done.returncode != 0:
        raise TrainingFailed(f"{done.stdout}\nTraining failed. Cure: mend what the last lines name.")
    (root / STAMP).write_text(made_of + "\n")
    print(f"Trained in {time.monotonic() - started:.0f} s.", flush=True)
    return root / MODEL


def main() -> int:
    """Train from the command line."""
    os.chdir(ROOT)
    try:
        train(ROOT)
    except TrainingFailed as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
