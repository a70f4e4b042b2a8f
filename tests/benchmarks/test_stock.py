"""The stock environment and the copy of our data for it hang together; nothing is installed or trained here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from benchmarks import stock
from benchmarks.sources import ROOT, own_phrases

tomllib = pytest.importorskip("tomllib", reason="the stock environment is for Python 3.11")

LOCK = ROOT / "requirements-stock.txt"
PROJECT = ROOT / "benchmarks" / "stock" / "pyproject.toml"
PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(\S+)", re.MULTILINE)


def toml(path: Path) -> dict:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def test_the_lock_holds_the_very_rasa_and_its_tensorflow() -> None:
    pins = dict(PINNED.findall(LOCK.read_text(encoding="utf-8")))
    light = dict(PINNED.findall((ROOT / "requirements.txt").read_text(encoding="utf-8")))
    assert pins["rasa"] == light["rasa"] == "3.6.21"
    assert pins["tensorflow"].startswith("2.12.")
    assert "tensorflow" not in light


def test_every_locked_package_has_a_hash_and_no_address_is_named() -> None:
    text = LOCK.read_text(encoding="utf-8")
    assert "://" not in text
    blocks = re.split(r"\n(?=[A-Za-z0-9])", text.strip())
    assert len(blocks) > 100
    assert not [block.split("\n")[0] for block in blocks if "--hash=sha256:" not in block]


def test_overrides_are_in_the_lock() -> None:
    pins = dict(PINNED.findall(LOCK.read_text(encoding="utf-8")))
    exact = [o.split("==") for o in toml(PROJECT)["tool"]["uv"]["override-dependencies"] if "==" in o]
    assert exact
    assert {name: pins[name] for name, _ in exact} == {name: version for name, version in exact}


def test_both_projects_read_rasas_own_needs_alike() -> None:
    """Uv may not read Rasa's requires-python: both files tell it the same, or the environments drift apart."""
    ours, theirs = toml(ROOT / "pyproject.toml"), toml(PROJECT)
    assert ours["tool"]["uv"]["dependency-metadata"] == theirs["tool"]["uv"]["dependency-metadata"]


def test_setup_knows_the_stock_environment() -> None:
    assert "env=.venv-stock lock=requirements-stock.txt" in (ROOT / "scripts" / "setup").read_text(
        encoding="utf-8"
    )
    assert "requirements-stock.txt" in (ROOT / "scripts" / "lock").read_text(encoding="utf-8")
    assert stock.PYTHON.relative_to(ROOT).parts[0] == ".venv-stock"


def test_the_held_out_tenth_is_unseen_and_touches_every_answer() -> None:
    phrases = own_phrases()
    kept, apart = stock.held_out(phrases)
    assert not set(kept) & set(apart)
    assert set(kept) | set(apart) == set(phrases)
    assert {key for key, _ in kept} == {key for key, _ in apart}
    assert len(apart) == pytest.approx(len(set(phrases)) / stock.HELD_OUT, rel=0.1)


@pytest.mark.parametrize("variant", stock.VARIANTS, ids=lambda v: v.name)
def test_the_copy_is_a_whole_rasa_project(variant: stock.Variant) -> None:
    files = {name: yaml.safe_load(text) for name, text in stock.project(variant, 5).items()}
    kept, _ = stock.held_out(own_phrases())
    learned = {
        (block["intent"].replace(stock.FLAT, "/"), line.removeprefix("- "))
        for block in files["data/nlu.yml"]["nlu"]
        for line in block["examples"].splitlines()
    }
    assert learned == set(kept)
    intents = set(files["domain.yml"]["intents"])
    assert {block["intent"].partition("/")[0] for block in files["data/nlu.yml"]["nlu"]} == intents
    rules = {
        rule["steps"][0]["intent"]: rule["steps"][1]["action"] for rule in files["data/rules.yml"]["rules"]
    }
    assert rules == {name: f"utter_{name}" for name in [*sorted(intents), "nlu_fallback"]}
    said = set(files["domain.yml"]["responses"]) | set(files["domain.yml"].get("actions", ()))
    assert set(rules.values()) <= said
    epochs = [c["epochs"] for c in files["config.yml"]["pipeline"] if "epochs" in c]
    assert epochs == [5] * (2 if variant.retrieval else 1)
