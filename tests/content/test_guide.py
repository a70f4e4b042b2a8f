"""The content guide names every field, placeholder and command a clinic can meet."""

from pathlib import Path

import pytest

from hair_answers.knowledge.answers import EVIDENCE, METADATA, ORIGINS
from hair_answers.knowledge.clinic import PLACEHOLDERS
from hair_answers.knowledge.content_check.structure import EXTRA_METADATA

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "content-guide.md").read_text(encoding="utf-8")
COMMANDS = ("content-new", "content-check", "content-export", "content-import", "content-due", "review-sheet")


@pytest.mark.parametrize("name", [*METADATA, *sorted(EXTRA_METADATA), *EVIDENCE, *ORIGINS])
def test_field_is_explained(name):
    assert f"`{name}`" in GUIDE


@pytest.mark.parametrize("name", PLACEHOLDERS)
def test_placeholder_is_named(name):
    assert f"{{{name}}}" in GUIDE


@pytest.mark.parametrize("name", COMMANDS)
def test_command_is_named_and_exists(name):
    assert f"make {name}" in GUIDE
    assert f"\n{name}:" in (ROOT / "Makefile").read_text(encoding="utf-8")
