"""What is locked has no known hole, every overridden pin a reason; the audit says what it could not ask."""

import json
import re

import pytest
from packaging.version import Version

from hair_answers.operations import audit
from hair_answers.operations.training import ROOT

LOCKED = ["requirements.txt", "requirements-dev.txt"]


@pytest.mark.parametrize("name", LOCKED)
def test_nothing_locked_is_older_than_the_release_that_fixed_it(name):
    versions = audit.locked((ROOT / name).read_text(encoding="utf-8"))
    assert len(versions) > 100
    assert audit.too_old(versions, audit.known_fixes()) == []


def test_every_known_fix_names_a_locked_package_its_advisory_and_what_it_is_about():
    versions = audit.locked((ROOT / "requirements.txt").read_text(encoding="utf-8"))
    fixes = audit.known_fixes()
    assert [fix.package for fix in fixes] == sorted(fix.package for fix in fixes)
    for fix in fixes:
        assert fix.package in versions
        assert re.search(r"CVE-\d{4}-\d+|GHSA-|PYSEC-", fix.advisory)
        assert len(fix.about) > 10


def test_an_old_release_is_found_and_a_newer_one_is_not():
    (fix,) = (fix for fix in audit.known_fixes() if fix.package == "dnspython")
    assert audit.too_old({"dnspython": Version("2.3.0")}, [fix])
    assert not audit.too_old({"dnspython": Version("2.6.1")}, [fix])


def test_every_override_stands_below_its_reason():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    block = text.split("override-dependencies = [")[1].split("\n]")[0].strip().splitlines()
    assert block[0].lstrip().startswith("# ")
    assert sum(line.lstrip().startswith("# ") for line in block) >= 4
    assert sum(line.lstrip().startswith('"') for line in block) > 25


def report(*packages):
    return json.dumps({"dependencies": packages})


def test_a_report_is_read():
    hole = {"id": "PYSEC-2024-24", "fix_versions": ["3.9.2"]}
    text = report(
        {"name": "aiohttp", "version": "3.9.1", "vulns": [hole]},
        {"name": "own", "skip_reason": "Dependency not found on PyPI"},
        {"name": "attrs", "version": "26.1.0", "vulns": []},
    )
    assert audit.read_report(text) == (["aiohttp 3.9.1: PYSEC-2024-24 is fixed in 3.9.2"], ["own"])


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (None, audit.NOT_ASKED),
        (([], []), 0),
        ((["x 1: PYSEC-1 is fixed in 2"], []), 1),
        ((["protobuf 4: CVE-2026-0994 is"], []), 0),
    ],
)
def test_the_exit_status_says_what_is_known(monkeypatch, capsys, answer, status):
    monkeypatch.setattr(audit, "ask_advisories", lambda versions: answer)
    assert audit.main() == status
    assert ("no advisories here" in capsys.readouterr().err) == (answer is None)


def test_an_index_that_knows_no_package_serves_no_advisories(monkeypatch):
    asked = []
    monkeypatch.setattr(audit, "_pip_audit", lambda versions: asked.append(len(versions)) or ([], ["rasa"]))
    assert audit.ask_advisories({"rasa": Version("3.6.21"), "attrs": Version("26.1.0")}) is None
    assert asked == [1]
