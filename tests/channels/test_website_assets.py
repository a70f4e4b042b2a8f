"""The checked-in script is what the sources build, small enough, and free of what it must not hold."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from hair_answers.channels.website.pages import ASSETS, content_policy

ROOT = Path(__file__).parents[2]
WIDGET = ROOT / "widget"
LIMIT = 30_000  # bytes, gzipped, socket.io-client included


def _script() -> str:
    return (ASSETS / "widget.js").read_text(encoding="utf-8")


def _sources() -> list[Path]:
    return sorted((WIDGET / "src").iterdir())


def test_the_script_names_the_sources_it_was_built_from() -> None:
    digest = hashlib.sha256()
    for path in (WIDGET / "build.mjs", WIDGET / "package-lock.json", *_sources()):
        digest.update(path.relative_to(WIDGET).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    assert f"Sources {digest.hexdigest()} " in _script()[:200], "stale: run `npm run build` in widget/"


@pytest.mark.browser
def test_the_sources_build_exactly_the_script() -> None:
    npm = shutil.which("npm")
    assert npm, "No npm found. Install Node.js 18 or newer: apt-get install -y nodejs npm"
    if not (WIDGET / "node_modules" / "esbuild").is_dir():
        subprocess.run([npm, "ci", "--ignore-scripts"], cwd=WIDGET, check=True, capture_output=True)
    result = subprocess.run([npm, "run", "--silent", "check"], cwd=WIDGET, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr[-800:]


def test_the_script_is_small() -> None:
    size = len(gzip.compress(_script().encode(), 9))
    assert 10_000 < size <= LIMIT


def test_the_lockfile_names_no_registry() -> None:
    lock = json.loads((WIDGET / "package-lock.json").read_text())
    assert lock["packages"]["node_modules/socket.io-client"]["version"] == "4.8.4"
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]


@pytest.mark.parametrize(
    "forbidden",
    [
        r"innerHTML",
        r"outerHTML",
        r"insertAdjacentHTML",
        r"document\.write\b",
        r"\beval\(",
        r"new Function\b",
        r"localStorage",
        r"document\.cookie",
        r"setAttribute\(\"style",
    ],
)
def test_the_sources_use_nothing_that_runs_text_or_follows_people(forbidden: str) -> None:
    found = [path.name for path in _sources() if re.search(forbidden, path.read_text(encoding="utf-8"))]
    assert found == []


def test_the_page_policy_lets_nothing_else_in() -> None:
    rules = dict(rule.partition(" ")[::2] for rule in content_policy(["https://clinic.example"]).split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == rules["connect-src"] == "'self'"
    assert rules["frame-ancestors"] == "'self' https://clinic.example"
    assert rules["require-trusted-types-for"] == "'script'" and rules["trusted-types"] == "'none'"
    assert not [rule for rule in rules.values() if "unsafe" in rule]


def test_the_pages_ask_no_other_server() -> None:
    for name in ("index.html", "page.css"):
        text = (ASSETS / name).read_text(encoding="utf-8").replace("https://your-server/chat/widget.js", "")
        assert "http" not in text, name
