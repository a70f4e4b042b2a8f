"""A tiny valid project that a test may break in one place."""

import shutil
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
TINY = Path(__file__).parent / "tiny_project"
SHARED = (
    "clinic.yml",
    "evidence/terms.yml",
    "evidence/never_list.yml",
    "evidence/answer_rules.yml",
    "evidence/article_ngrams.txt",
)


class TinyProject:
    """A copy of tiny_project with the real project's word lists."""

    def __init__(self, root):
        self.root = root

    def replace(self, name, old, new):
        """Replace the first `old` in the file `name`; a test that changes nothing fails here."""
        path = self.root / name
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {name}"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def write(self, name, text):
        """Write a whole file."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.fixture
def tiny(tmp_path):
    root = tmp_path / "project"
    shutil.copytree(TINY, root)
    for name in SHARED:
        shutil.copy(PROJECT / name, root / name)
    return TinyProject(root)
