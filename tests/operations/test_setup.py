"""Set-up: the right Python is found, and the locked files hold packages and hashes alone."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FINDER = ROOT / "scripts/find-python"
LOCKED = ["requirements.txt", "requirements-dev.txt"]


def find(home, path="/usr/bin:/bin", **variables):
    """Run the finder on a machine that has only what `home` and `path` hold."""
    done = subprocess.run(
        [str(FINDER)],
        env={"HOME": str(home), "PATH": path, **variables},
        text=True, capture_output=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def stand_in(path, version):
    """Write an interpreter that says it is `version` and prints its own path for sys.executable."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\ncase "$2" in *version_info*) echo {version};; *) echo "$0";; esac\n')
    path.chmod(0o755)
    return path


def broken(path):
    """Write a version manager's shim whose version is not installed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\necho 'version not installed' >&2\nexit 127\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """A search path with the shell's own tools and no Python; the machine's own folders may still hold one."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("bash", "sh", "env"):
        real = next(Path(folder) / name for folder in ("/bin", "/usr/bin") if (Path(folder) / name).exists())
        (tools / name).symlink_to(real)
    return str(tools)


def test_the_named_python_comes_first(tmp_path, bare):
    wanted = stand_in(tmp_path / "mine/python", "3.11")
    assert find(tmp_path, bare, PYTHON=str(wanted)) == str(wanted)


def test_a_shim_that_answers_not_installed_is_passed_over(tmp_path, bare):
    broken(Path(bare) / "python3.11")
    wanted = stand_in(tmp_path / ".pyenv/versions/3.11.9/bin/python", "3.11")
    found = find(tmp_path, bare)
    assert found == str(wanted) or found.startswith(("/usr/", "/opt/"))
    assert found != str(Path(bare) / "python3.11")


@pytest.mark.parametrize(
    "place",
    [
        ".pyenv/versions/3.11.4/bin/python",
        ".asdf/installs/python/3.11.4/bin/python",
        ".local/share/mise/installs/python/3.11.4/bin/python",
        ".local/share/uv/python/cpython-3.11.4-linux-x86_64-gnu/bin/python",
    ],
)
def test_version_managers_folders_are_searched(tmp_path, bare, place):
    wanted = stand_in(tmp_path / place, "3.11")
    found = find(tmp_path, bare)
    # A machine with a Python 3.11 of its own rightly prefers that one.
    assert found == str(wanted) or found.startswith(("/usr/", "/opt/"))


def test_the_newer_python_wins(tmp_path, bare):
    stand_in(tmp_path / ".pyenv/versions/3.10.13/bin/python", "3.10")
    wanted = stand_in(tmp_path / ".asdf/installs/python/3.11.4/bin/python", "3.11")
    found = find(tmp_path, bare)
    assert found == str(wanted) or found.startswith(("/usr/", "/opt/"))


def test_other_versions_are_no_help(tmp_path, bare):
    wrong = [stand_in(tmp_path / "mine/python", "3.12"), stand_in(Path(bare) / "python3", "3.9")]
    assert find(tmp_path, bare, PYTHON=str(wrong[0])) not in map(str, wrong)


@pytest.mark.parametrize("name", LOCKED)
def test_locked_files_hold_no_address(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text
    assert "--index-url" not in text
    assert "--find-links" not in text
    assert "@ " not in text
    # Hashes are hexadecimal: a dotted host name would stand outside them.
    assert not re.search(r"\b[a-z0-9-]+\.(?:com|org|net|io|internal)\b", text)


@pytest.mark.parametrize("name", LOCKED)
def test_every_locked_package_has_one_version_and_hashes(name):
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    assert len(lines) > 50
    for line in lines:
        assert re.match(r"[A-Za-z0-9._-]+(\[[^\]]+\])?==\S+", line), line[:80]
        assert "--hash=sha256:" in line, line[:80]


def test_the_dev_set_holds_the_runtime_set():
    runtime, dev = (
        set(re.findall(r"^([A-Za-z0-9._-]+==\S+)", (ROOT / name).read_text(), re.MULTILINE))
        for name in LOCKED
    )
    assert runtime <= dev


def test_no_tensorflow_is_locked():
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert not re.search(r"^(tensorflow|keras|jax|sentry-sdk)", text, re.MULTILINE)


def test_set_up_names_what_it_does_not_know():
    done = subprocess.run([ROOT / "scripts/setup", "moon"], text=True, capture_output=True, timeout=60)
    assert done.returncode == 1
    assert "unknown environment 'moon'" in done.stderr
    assert "Cure: call scripts/setup runtime, dev or stock" in done.stderr


def test_set_up_that_is_done_does_nothing():
    if not (ROOT / ".venv/.locked").is_file():
        pytest.skip("this environment was not made by scripts/setup")
    done = subprocess.run(
        [ROOT / "scripts/setup", "runtime"],
        text=True, capture_output=True, timeout=20, env={**os.environ, "PYTHON": sys.executable},
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
