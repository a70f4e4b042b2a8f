"""`make run`: the action server and Rasa together, one address for people, stopped cleanly together."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hair_answers.operations.doctor import configuration_faults
from hair_answers.operations.noise import quiet_environment
from hair_answers.operations.outbox import keep_delivering
from hair_answers.operations.ports import is_open
from hair_answers.operations.training import ROOT, TrainingFailed, train

START_SECONDS = 120.0
STOP_SECONDS = 10.0
POLL_SECONDS = 0.1
ACTION_SERVER = "action server"
SETTLED_SECONDS = 10.0  # an action server that dies sooner has a fault that a restart does not mend


class CannotRun(RuntimeError):
    """The bot cannot start or go on; the message holds the cure."""


@dataclass(frozen=True)
class Settings:
    """Where the bot listens; every value may come from the environment."""

    host: str = "127.0.0.1"
    port: int = 5005
    action_port: int = 5055
    endpoints: str = "endpoints.yml"
    credentials: str = "credentials.yml"

    @classmethod
    def from_environment(cls) -> Settings:
        """Read HOST, PORT, ACTION_PORT, ENDPOINTS and CREDENTIALS."""
        return cls(
            os.environ.get("HOST", cls.host),
            _port("PORT", cls.port),
            _port("ACTION_PORT", cls.action_port),
            os.environ.get("ENDPOINTS", cls.endpoints),
            os.environ.get("CREDENTIALS", cls.credentials),
        )

    @property
    def address(self) -> str:
        """Return the address people open, without a path."""
        host = "localhost" if self.host in ("0.0.0.0", "127.0.0.1", "") else self.host  # noqa: S104
        return f"http://{host}:{self.port}"


def _port(name: str, default: int) -> int:
    value = os.environ.get(name, str(default))
    if value.isdigit() and 0 < int(value) < 65536:
        return int(value)
    raise CannotRun(f"{name} is {value!r}. Cure: set it to a port number between 1 and 65535.")


def check_port(host: str, port: int, variable: str) -> None:
    """Raise CannotRun when somebody else listens on the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CannotRun(
                f"port {port} on {host} cannot be used ({error.strerror}). "
                f"Cure: stop what uses it, or choose another: {variable}={port + 1} make run"
            ) from error


@dataclass
class Team:
    """The two processes, started together and stopped together."""

    settings: Settings
    children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    launches: dict[str, tuple[Sequence[str], dict[str, str]]] = field(default_factory=dict)
    started: dict[str, float] = field(default_factory=dict)

    def start(self, model: Path) -> None:
        """Start both servers; neither is ready yet."""
        actions = self.settings.action_port
        environment = {
            **quiet_environment(),
            # The action server has no sign-in of its own: it stays on this machine.
            "SANIC_HOST": "127.0.0.1",
            "HAIR_ANSWERS_ACTION_URL": f"http://127.0.0.1:{actions}/webhook",
            "LOG_LEVEL": os.environ.get("LOG_LEVEL", "WARNING"),
        }
        python = sys.executable
        self._launch(
            ACTION_SERVER,
            [python, "-m", "rasa_sdk", "--actions", "actions", "--port", str(actions), "--quiet"],
            environment,
        )
        command = [python, "-m", "rasa", "run", "--model", str(model), "--port", str(self.settings.port)]
        command += ["--interface", self.settings.host, "--endpoints", self.settings.endpoints]
        self._launch("bot", [*command, "--credentials", self.settings.credentials], environment)

    def _launch(self, name: str, command: Sequence[str], environment: dict[str, str]) -> None:
        # Its own session, so that Ctrl-C reaches this process only and the children are stopped in order.
        self.children[name] = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True)
        self.launches[name], self.started[name] = (command, environment), time.monotonic()

    def check(self) -> None:
        """Raise CannotRun when a child has died."""
        for name, child in self.children.items():
            if child.poll() is not None:
                if name == ACTION_SERVER and time.monotonic() - self.started[name] > SETTLED_SECONDS:
                    # Plain answers go on without it; it comes back in a second.
                    print(
                        f"The {name} stopped (exit {child.returncode}); starting it again.",
                        file=sys.stderr,
                        flush=True,
                    )
                    self._launch(name, *self.launches[name])
                    return
                raise CannotRun(
                    f"the {name} stopped by itself (exit {child.returncode}). "
                    "Cure: the lines above name the fault; mend it and run again."
                )

    def wait_until_ready(self) -> None:
        """Return when the bot answers a real message: an open port alone may hide a model that did not load."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            self.check()
            if self._answers() and is_open(self.settings.action_port):
                return
            time.sleep(POLL_SECONDS)
        raise CannotRun(
            f"the bot gave no answer within {START_SECONDS:.0f} s. Cure: LOG_LEVEL=INFO make run shows why."
        )

    def _answers(self) -> bool:
        host = "127.0.0.1" if self.settings.host in ("0.0.0.0", "") else self.settings.host  # noqa: S104
        request = urllib.request.Request(
            f"http://{host}:{self.settings.port}/webhooks/rest/webhook",
            json.dumps({"message": "hello"}).encode(),
            {"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=5) as reply:  # noqa: S310
                messages = json.load(reply)
        except (OSError, ValueError, urllib.error.URLError):
            return False
        return bool(messages) and messages[0]["metadata"].get("answer") != "fallback/error"

    def stop(self) -> None:
        """Ask both to stop, the bot first, and end what does not."""
        for child in reversed(list(self.children.values())):
            if child.poll() is None:
                child.terminate()
        for child in self.children.values():
            try:
                child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()


class Stopped(Exception):
    """Somebody pressed Ctrl-C or sent SIGTERM."""


def stop_on_signals() -> None:
    """Turn the first Ctrl-C or SIGTERM into Stopped; a second one must not interrupt the stop."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _on_signal)


def _on_signal(*_: object) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise Stopped


def check_configuration(settings: Settings) -> None:
    """Raise CannotRun with everything that is missing or malformed in the two configuration files."""
    credentials, endpoints = ROOT / settings.credentials, ROOT / settings.endpoints
    given = {"HAIR_ANSWERS_ACTION_URL": f"http://127.0.0.1:{settings.action_port}/webhook", **os.environ}
    if faults := configuration_faults(credentials, endpoints, given):
        raise CannotRun("\n  ".join(["the configuration has faults:", *faults]))


def serve() -> None:
    """Run until a signal comes or a child dies."""
    settings = Settings.from_environment()
    check_port(settings.host, settings.port, "PORT")
    check_port("127.0.0.1", settings.action_port, "ACTION_PORT")
    check_configuration(settings)
    (ROOT / ".state").mkdir(exist_ok=True)
    model = train(ROOT)
    team = Team(settings)
    stop = threading.Event()
    # Requests to the clinic outlive both servers: they are delivered from here.
    threading.Thread(target=keep_delivering, args=(stop,), daemon=True, name="outbox").start()
    try:
        print("Starting …", flush=True)
        team.start(model)
        team.wait_until_ready()
        print(f"\nHair Answers is ready.\n  Web page: {settings.address}/chat/", flush=True)
        print(f"  REST:     {settings.address}/webhooks/rest/webhook\nCtrl-C stops it.", flush=True)
        while True:
            team.check()
            time.sleep(POLL_SECONDS * 5)
    finally:
        stop.set()
        team.stop()


def main() -> int:
    """Run from the command line; exit 0 after a signal, 1 after a fault."""
    os.chdir(ROOT)
    stop_on_signals()
    try:
        serve()
    except Stopped:
        print("\nStopped.", flush=True)
    except (CannotRun, TrainingFailed) as error:
        print(f"\nHair Answers cannot run: {error}", file=sys.stderr, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
