"""Train only when something that the model is made of has changed: `python -m hair_answers.operations.training`."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
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
    for folder, pattern in (
        ("data", "*.yml"),
        ("hair_answers/nlu", "*"),
        ("evidence", "safety.yml"),
        ("evidence/safety_phrases", "*.yml"),
    ):
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
    with _one_at_a_time(root):
        if not is_current(root):
            _train(root)
    return root / MODEL


@contextmanager
def _one_at_a_time(root: Path) -> Iterator[None]:
    """Let a second training wait for the first, and find its model."""
    (root / MODEL.parent).mkdir(exist_ok=True)
    with (root / MODEL.parent / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _train(root: Path) -> None:
    """Make the model beside the old one and put it in its place in one step: a running bot may be reading that."""
    made_of = recipe(root)
    try:
        Library.load(root)
    except ContentError as error:
        raise TrainingFailed(f"The content has faults, so nothing was trained:\n{error}") from error
    print("Training the bot (only when content or code changed) …", flush=True)
    started = time.monotonic()
    # The content was checked above, and `make check` runs Rasa's own validation: twice the time for nothing here.
    fresh = MODEL.with_name("hair-answers-partial.tar.gz")
    command = [sys.executable, "-m", "rasa", "train", "--skip-validation", "--out", str(MODEL.parent)]
    done = subprocess.run(
        [*command, "--fixed-model-name", fresh.name.removesuffix(".tar.gz")],
        cwd=root,
        env={**quiet_environment(), "LOG_LEVEL": "WARNING", "TQDM_DISABLE": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    if done.returncode != 0:
        raise TrainingFailed(f"{done.stdout}\nTraining failed. Cure: mend what the last lines name.")
    (root / fresh).replace(root / MODEL)
    (root / STAMP).write_text(made_of + "\n")
    print(f"Trained in {time.monotonic() - started:.0f} s.", flush=True)


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
