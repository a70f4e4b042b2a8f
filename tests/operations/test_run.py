"""`make run`: settings, ports, dying children, and an end that leaves nothing running."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from hair_answers.operations import run
from hair_answers.operations.ports import free_port, is_open
from hair_answers.operations.run import CannotRun, Settings, Team, check_port

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "hair_answers.operations.run"]


@pytest.fixture
def taken():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


def started(**variables):
    """Run the real command until it ends by itself; return (exit code, what it said)."""
    done = subprocess.run(
        COMMAND, cwd=ROOT, env={**os.environ, **variables}, text=True, timeout=60,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    return done.returncode, done.stdout


@pytest.mark.parametrize("value", ["", "http", "0", "-1", "65536", "80.5", "５００５x"])
def test_a_bad_port_is_named_with_its_cure(monkeypatch, value):
    monkeypatch.setenv("PORT", value)
    with pytest.raises(CannotRun, match=r"PORT is .* Cure: set it to a port number between 1 and 65535"):
        Settings.from_environment()


def test_settings_come_from_the_environment(monkeypatch):
    for name, value in {
        "HOST": "0.0.0.0",
        "PORT": "6001",
        "ACTION_PORT": "6002",
        "ENDPOINTS": "e.yml",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("CREDENTIALS", raising=False)
    found = Settings.from_environment()
    assert (found.host, found.port, found.action_port) == ("0.0.0.0", 6001, 6002)
    assert (found.endpoints, found.credentials) == ("e.yml", "credentials.yml")
    assert found.address == "http://localhost:6001"


def test_a_free_port_passes_and_a_taken_one_names_the_cure(taken):
    with pytest.raises(
        CannotRun, match=rf"port {taken} on 127.0.0.1 cannot be used .*PORT={taken + 1} make run"
    ):
        check_port("127.0.0.1", taken, "PORT")


def test_the_command_stops_at_once_when_a_port_is_taken(taken):
    for variables in ({"PORT": str(taken)}, {"ACTION_PORT": str(taken), "PORT": str(free_port())}):
        code, said = started(**variables)
        assert code == 1
        assert f"port {taken}" in said
        assert "Cure:" in said
        assert "Traceback" not in said


def test_the_command_stops_at_once_on_a_bad_port():
    code, said = started(PORT="eighty")
    assert code == 1
    assert "PORT is 'eighty'" in said
    assert "Traceback" not in said


def team_of(*commands):
    team = Team(Settings())
    for number, command in enumerate(commands):
        team._launch(f"child {number}", [sys.executable, "-c", command], dict(os.environ))
    return team


def test_a_child_that_dies_is_named():
    team = team_of("raise SystemExit(3)")
    team.children["child 0"].wait(20)
    with pytest.raises(CannotRun, match=r"the child 0 stopped by itself \(exit 3\). Cure:"):
        team.check()


def test_stop_ends_a_child_that_does_not_listen(monkeypatch):
    monkeypatch.setattr(run, "STOP_SECONDS", 0.5)
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    team = team_of(deaf, "import time; time.sleep(60)")
    time.sleep(0.5)
    team.stop()
    assert all(child.poll() is not None for child in team.children.values())


def test_waiting_ends_with_a_cure_when_nothing_answers(monkeypatch):
    monkeypatch.setattr(run, "START_SECONDS", 0.3)
    team = team_of("import time; time.sleep(60)")
    try:
        with pytest.raises(CannotRun, match=r"gave no answer within .* Cure: LOG_LEVEL=INFO"):
            team.wait_until_ready()
    finally:
        team.stop()


def descendants(pid):
    """Return the process ids below `pid`."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], text=True, capture_output=True).stdout.split()
    parents = dict(zip(map(int, listed[::2]), map(int, listed[1::2]), strict=True))
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


@pytest.mark.server
def test_a_second_start_trains_nothing_answers_and_ends_whole(bot, tmp_path):
    """`bot` was the first start of this run: the model is there."""
    port, actions = free_port(), free_port()
    log = tmp_path / "log.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(
            COMMAND, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
            env={**os.environ, "PORT": str(port), "ACTION_PORT": str(actions)},
        )  # fmt: skip
    try:
        deadline = time.monotonic() + 120
        while "is ready" not in log.read_text() and time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.1)
        said = log.read_text()
        assert "is ready" in said, said
        assert "Training" not in said
        assert f"http://localhost:{port}" in said
        assert "Warning" not in said
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/webhooks/rest/", timeout=10) as reply:
            assert reply.status == 200
        children = descendants(process.pid)
        assert len(children) >= 2
        process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        # The impatient press again: the stop goes on all the same.
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        assert log.read_text().rstrip().endswith("Stopped.")
    finally:
        process.kill()
    assert not is_open(port)
    assert not is_open(actions)
    assert not [pid for pid in children if Path(f"/proc/{pid}/cmdline").exists() and _runs(pid)]


def _runs(pid):
    state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return state != "Z"


@pytest.mark.server
def test_the_death_of_a_child_stops_the_whole(bot, tmp_path):
    log = tmp_path / "log.txt"
    port, actions = free_port(), free_port()
    with log.open("wb") as output:
        process = subprocess.Popen(
            COMMAND, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
            env={**os.environ, "PORT": str(port), "ACTION_PORT": str(actions)},
        )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while not is_open(actions) and time.monotonic() < deadline:
            time.sleep(0.1)
        victim = next(
            pid
            for pid in descendants(process.pid)
            if b"rasa_sdk" in Path(f"/proc/{pid}/cmdline").read_bytes()
        )
        os.kill(victim, signal.SIGKILL)
        assert process.wait(60) == 1
        said = log.read_text()
        assert "the action server stopped by itself" in said
        assert "Cure:" in said
        assert "Traceback" not in said
    finally:
        process.kill()
    assert not is_open(port)
