"""Rasa's own conversation tests: every story of tests/conversations is predicted without one fault."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from hair_answers.operations.training import MODEL

ROOT = Path(__file__).resolve().parents[1]
STORIES = sorted((ROOT / "tests/conversations").glob("test_*.yml"))


@pytest.mark.server
def test_every_story_is_predicted(bot, tmp_path):
    """`bot` has trained the model."""
    done = subprocess.run(
        [
            sys.executable, "-m", "rasa", "test", "core", "--stories", "tests/conversations",
            "--model", str(MODEL), "--out", str(tmp_path), "--fail-on-prediction-errors",
        ],
        cwd=ROOT, env={**os.environ, "LOG_LEVEL": "WARNING", "TQDM_DISABLE": "1"}, text=True, timeout=150,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    failed = tmp_path / "failed_test_stories.yml"
    assert done.returncode == 0, f"{failed.read_text() if failed.is_file() else ''}\n{done.stdout[-3000:]}"
    # Run at all: Rasa is content with a folder without stories.
    report = json.loads((tmp_path / "story_report.json").read_text())
    told = sum(len(yaml.safe_load(path.read_text(encoding="utf-8"))["stories"]) for path in STORIES)
    assert report["conversation_accuracy"]["total"] == told > 0
    assert report["conversation_accuracy"]["correct"] == told
