"""`make audit`: which locked packages are known to be vulnerable.

Always against scripts/known_fixes.tsv; with pip-audit against the package index's advisories, where that serves them.
Exit status: 0 nothing known, 1 something vulnerable, 3 no advisories could be asked (the file alone was compared).
"""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import Version

from hair_answers.operations.settings import ROOT

LOCKED = ROOT / "requirements.txt"
KNOWN_FIXES = ROOT / "scripts" / "known_fixes.tsv"
PIP_AUDIT = "pip-audit==2.10.1"
NOT_ASKED = 3
SECONDS = 600
_LOCKED = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(?P<version>[^\s;\\]+)", re.MULTILINE)


@dataclass(frozen=True)
class Fix:
    """A vulnerability and the release that ended it; no release when none can be taken."""

    package: str
    fixed_in: Version | None
    advisory: str
    about: str


def locked(text: str) -> dict[str, Version]:
    """Return the version of every package of a locked file."""
    return {canonicalize_name(found["name"]): Version(found["version"]) for found in _LOCKED.finditer(text)}


def known_fixes(path: Path = KNOWN_FIXES) -> list[Fix]:
    """Read the reviewed list."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    return [
        Fix(
            row["package"],
            None if row["fixed_in"] == "-" else Version(row["fixed_in"]),
            row["advisory"],
            row["about"],
        )
        for row in rows
    ]


def too_old(versions: Mapping[str, Version], fixes: Sequence[Fix]) -> list[str]:
    """Return a line for every locked package below the release that fixed it."""
    return [
        f"{fix.package} {versions[fix.package]}: {fix.advisory} is fixed in {fix.fixed_in} ({fix.about})"
        for fix in fixes
        if fix.fixed_in and fix.package in versions and versions[fix.package] < fix.fixed_in
    ]


def ask_advisories(versions: Mapping[str, Version]) -> tuple[list[str], list[str]] | None:
    """Return (vulnerable, not known to the index); None when the index serves no advisories."""
    first = dict([next(iter(versions.items()))])
    # One package first: an index without advisories would refuse every other one as well.
    probe = _pip_audit(first)
    if probe is None or probe[1]:
        return None
    return _pip_audit(versions)


def _pip_audit(versions: Mapping[str, Version]) -> tuple[list[str], list[str]] | None:
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.writelines(f"{name}=={version}\n" for name, version in versions.items())
        file.flush()
        tool = [
            str(ROOT / ".uv/bin/uv"),
            "tool",
            "run",
            PIP_AUDIT,
            "--disable-pip",
            "--no-deps",
            "--format",
            "json",
        ]
        try:
            done = subprocess.run([*tool, "-r", file.name], capture_output=True, text=True, timeout=SECONDS)
            return read_report(done.stdout)
        except (OSError, ValueError, KeyError, subprocess.TimeoutExpired):
            return None  # no tool, no network, or an answer that is no report


def read_report(text: str) -> tuple[list[str], list[str]]:
    """Return (vulnerable, not known to the index) of pip-audit's report."""
    vulnerable, unknown = [], []
    for package in json.loads(text)["dependencies"]:
        if "skip_reason" in package:
            unknown.append(str(package["name"]))
        for found in package.get("vulns", ()):
            cure = ", ".join(found["fix_versions"]) or "nothing yet"
            vulnerable.append(f"{package['name']} {package['version']}: {found['id']} is fixed in {cure}")
    return vulnerable, unknown


def main() -> int:
    """Print what is known and return the exit status."""
    versions, fixes = locked(LOCKED.read_text(encoding="utf-8")), known_fixes()
    faults = too_old(versions, fixes)
    for fix in fixes:
        if fix.fixed_in is None and fix.package in versions:
            print(f"accepted: {fix.package} {versions[fix.package]}: {fix.advisory} ({fix.about})")
    asked = ask_advisories(versions)
    if asked:
        accepted = " ".join(fix.advisory for fix in fixes if fix.fixed_in is None).split()
        faults += [line for line in asked[0] if not any(name in line for name in accepted)]
        if asked[1]:
            print(f"not known to the index: {', '.join(asked[1])}")
    print("\n".join(faults) or f"{len(versions)} locked packages: no known vulnerability that has a fix.")
    if not asked:
        print(
            "The package index serves no advisories here: only scripts/known_fixes.tsv was compared."
            " Cure: run `make audit` again on a machine with a full index.",
            file=sys.stderr,
        )
    return 1 if faults else 0 if asked else NOT_ASKED


if __name__ == "__main__":
    sys.exit(main())
