"""`make stack`: PostgreSQL, Redis, RabbitMQ, the action server, several bots and nginx on this machine, as processes.

The same topology as the containers in deploy/, with the same endpoints.production.yml, to try and to test without them.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hair_answers.operations.noise import quiet_environment
from hair_answers.operations.ports import free_port, is_open
from hair_answers.operations.run import CannotRun
from hair_answers.operations.training import ROOT, TrainingFailed, train

START_SECONDS = 120.0
STOP_SECONDS = 10.0
CREDENTIALS = """\
hair_answers.channels.rest.IntegratorInput:
hair_answers.channels.website.WebsiteInput:
hair_answers.operations.health.HealthInput:
"""
CURE = "Cure: install it (Debian: apt-get install postgresql redis-server rabbitmq-server nginx-light)."


@dataclass
class Service:
    """One process that can be stopped, killed and started again on the same port."""

    name: str
    command: Sequence[str]
    port: int
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    is_ready: Callable[[int], bool] = is_open
    stop_signal: signal.Signals = signal.SIGTERM
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process; `wait` tells when it can be used."""
        identity = {"user": self.user, "group": self.user, "extra_groups": []} if self.user else {}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # type: ignore[call-overload]
                self.command,
                cwd=ROOT,
                env={**os.environ, **self.environment},
                stdout=log,
                stderr=log,
                start_new_session=True,
                **identity,
            )

    def wait(self) -> None:
        """Return once the service answers; CannotRun when it died or takes too long."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.is_ready(self.port):
                return
            if self.process is None or self.process.poll() is not None:
                raise CannotRun(f"{self.name} stopped by itself. Its last words:\n{self.last_words()}")
            time.sleep(0.05)
        raise CannotRun(
            f"{self.name} gave no answer in {START_SECONDS:.0f} s. Its last words:\n{self.last_words()}"
        )

    def last_words(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-2000:]

    def stop(self, how: signal.Signals | None = None) -> None:
        """End the process, with its own signal if no other is named, and whatever it started."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(how or self.stop_signal)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(STOP_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def restart(self) -> None:
        """Stop and start again; ready on return."""
        self.stop()
        self.start()
        self.wait()


def postgres_is_ready(port: int) -> bool:
    """True when PostgreSQL takes connections: its port opens earlier."""
    asked = [str(postgres_binaries() / "pg_isready"), "-h", "127.0.0.1", "-p", str(port), "-q"]
    return subprocess.run(asked).returncode == 0


def bot_is_ready(port: int) -> bool:
    """True when the bot says that it would answer."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=10) as reply:
            return bool(reply.status == 200)
    except (OSError, urllib.error.URLError):
        return False


class Stack:
    """All services by name: postgres, redis, rabbitmq, actions, bot1 …, nginx."""

    def __init__(self, folder: Path, model: Path, bots: int = 2, port: int | None = None) -> None:
        self.folder = folder
        folder.chmod(0o755)  # PostgreSQL will not run as root, and its own user must get in
        self.ports = {
            name: free_port() for name in ("postgres", "redis", "rabbitmq", "distribution", "actions")
        }
        self.services: dict[str, Service] = {}
        self._credentials = folder / "credentials.yml"
        self._credentials.write_text(CREDENTIALS)
        self._add_stores()
        environment = self.environment()
        actions = [sys.executable, "-m", "rasa_sdk", "--actions", "actions", "--quiet"]
        self._add(
            "actions", [*actions, "--port", str(self.ports["actions"])], self.ports["actions"], environment
        )
        names = [f"bot{number + 1}" for number in range(bots)]
        for name in names:
            self._add_bot(name, model, environment)
        self._add_nginx([self.services[name].port for name in names], port or free_port())

    @property
    def url(self) -> str:
        """Where people reach it."""
        return f"http://127.0.0.1:{self.services['nginx'].port}"

    @property
    def database(self) -> str:
        """The conversation database's address."""
        return f"postgresql://postgres@127.0.0.1:{self.ports['postgres']}/postgres"

    def environment(self) -> dict[str, str]:
        """What endpoints.production.yml needs."""
        return {
            **quiet_environment(),
            "POSTGRES_HOST": "127.0.0.1",
            "POSTGRES_PORT": str(self.ports["postgres"]),
            "POSTGRES_DB": "postgres",
            "POSTGRES_USER": "postgres",
            "POSTGRES_PASSWORD": "",
            "REDIS_HOST": "127.0.0.1",
            "REDIS_PORT": str(self.ports["redis"]),
            "REDIS_PASSWORD": "",
            "RABBITMQ_HOST": "127.0.0.1",
            "RABBITMQ_PORT": str(self.ports["rabbitmq"]),
            "RABBITMQ_USER": "guest",
            "RABBITMQ_PASSWORD": "guest",
            "EVENT_ARCHIVE_URL": self.database,
            "HAIR_ANSWERS_ACTION_URL": f"http://127.0.0.1:{self.ports['actions']}/webhook",
            "HAIR_ANSWERS_SECRET": os.environ.get("HAIR_ANSWERS_SECRET", "stack-secret-" + "0" * 32),
            "HAIR_ANSWERS_OUTBOX": self.database,
            "HAIR_ANSWERS_FEEDBACK": self.database,
            "HAIR_ANSWERS_SAFETY": self.database,
            "ENDPOINTS": "endpoints.production.yml",
            "SANIC_HOST": "127.0.0.1",
            "LOG_LEVEL": "WARNING",
        }

    def start(self) -> None:
        """Start everything; ready on return."""
        for names in (
            ("postgres", "redis", "rabbitmq", "actions"),
            [n for n in self.services if n.startswith("bot")],
        ):
            for name in names:
                self.services[name].start()
            for name in names:
                self.services[name].wait()
        self.services["nginx"].start()
        self.services["nginx"].wait()

    def stop(self) -> None:
        """Stop everything, the way in first."""
        for service in reversed(list(self.services.values())):
            service.stop()

    def _add(
        self, name: str, command: Sequence[str], port: int, environment: Mapping[str, str], **more: object
    ) -> None:
        log = self.folder / f"{name}.log"
        self.services[name] = Service(name, command, port, log, environment, **more)  # type: ignore[arg-type]

    def _add_stores(self) -> None:
        data, user = self.folder / "postgres", "postgres" if os.geteuid() == 0 else None
        data.mkdir()
        if user:
            owner = pwd.getpwnam(user)
            os.chown(data, owner.pw_uid, owner.pw_gid)
        binaries = postgres_binaries()
        identity = {"user": user, "group": user, "extra_groups": []} if user else {}
        init = [binaries / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "--no-sync"]
        subprocess.run(init, check=True, stdout=subprocess.DEVNULL, cwd="/", **identity)  # type: ignore[call-overload]
        port = self.ports["postgres"]
        options = ("listen_addresses=127.0.0.1", f"unix_socket_directories={data}", "shared_buffers=32MB")
        settings = [part for option in options for part in ("-c", option)]
        self._add(
            "postgres",
            [str(binaries / "postgres"), "-D", str(data), "-p", str(port), *settings],
            port,
            {},
            user=user,
            is_ready=postgres_is_ready,
            stop_signal=signal.SIGINT,  # a plain SIGTERM would wait for its clients
        )
        port = self.ports["redis"]
        redis = [
            find("redis-server"),
            "--port",
            str(port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
        ]
        self._add("redis", [*redis, "--dir", str(self.folder)], port, {})
        port, home = self.ports["rabbitmq"], self.folder / "rabbitmq"
        home.mkdir()
        (home / "rabbitmq.conf").write_text(f"listeners.tcp.1 = 127.0.0.1:{port}\n")
        (home / "environment").touch()
        environment = {
            "RABBITMQ_NODENAME": f"hair{port}@localhost",
            "RABBITMQ_DIST_PORT": str(self.ports["distribution"]),
            "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": str(home / "environment"),  # not the machine's own
            "RABBITMQ_MNESIA_BASE": str(home),
            "RABBITMQ_LOG_BASE": str(home),
            "RABBITMQ_PID_FILE": str(home / "pid"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "plugins"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1",
            "HOME": str(home),
        }
        self._add("rabbitmq", [rabbitmq_server()], port, environment)

    def _add_bot(self, name: str, model: Path, environment: Mapping[str, str]) -> None:
        port = free_port()
        command = [sys.executable, "-m", "rasa", "run", "--model", str(model), "--port", str(port)]
        command += ["--interface", "127.0.0.1", "--endpoints", "endpoints.production.yml"]
        command += ["--credentials", str(self._credentials)]
        self._add(name, command, port, environment, is_ready=bot_is_ready)

    def _add_nginx(self, bots: Sequence[int], port: int) -> None:
        values = {
            "RUN": str(self.folder),
            "LOG": str(self.folder / "nginx-error.log"),
            "SERVERS": " ".join(f"server 127.0.0.1:{bot} max_fails=0;" for bot in bots),
            "LISTEN": f"127.0.0.1:{port}",
            "TLS": "",
            "INTEGRATORS": "allow 127.0.0.1; deny all;",
            "BURST": "1000",
            "PROXY": str(ROOT / "deploy/nginx-proxy.conf"),
        }
        configuration = self.folder / "nginx.conf"
        configuration.write_text(fill((ROOT / "deploy/nginx.conf").read_text(), values))
        self._add("nginx", [find("nginx"), "-c", str(configuration), "-g", "daemon off;"], port, {})


def fill(template: str, values: Mapping[str, str]) -> str:
    """Fill ${NAMES}; nginx's own $variables stay. KeyError names one without a value."""
    return re.sub(r"\$\{([A-Z_]+)\}", lambda match: values[match[1]], template)


def find(program: str) -> str:
    """The program's path; CannotRun when it is not installed."""
    found = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        raise CannotRun(f"{program} is not installed. {CURE}")
    return found


def postgres_binaries() -> Path:
    """The newest PostgreSQL's programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("postgres")
    if not found and not on_path:
        raise CannotRun(f"postgres is not installed. {CURE}")
    return found[-1].parent if found else Path(str(on_path)).parent


def rabbitmq_server() -> str:
    """RabbitMQ's own start script: Debian's wrapper would change the user."""
    own = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
    return str(own) if own.exists() else find("rabbitmq-server")


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder that others may enter, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="hair-answers-stack-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _on_signal(*_: object) -> None:
    raise KeyboardInterrupt


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until Ctrl-C or SIGTERM."""
    options = argparse.ArgumentParser(description="Run the production topology as processes on this machine.")
    options.add_argument("--bots", type=int, default=2)
    options.add_argument("--port", type=int, default=5006, help="where nginx listens")
    given = options.parse_args(arguments)
    os.chdir(ROOT)
    signal.signal(signal.SIGTERM, _on_signal)
    try:
        model = train(ROOT)
        with temporary_folder() as folder:
            stack = Stack(folder, model, given.bots, given.port)
            try:
                print(
                    "Starting PostgreSQL, Redis, RabbitMQ, the action server, the bots and nginx …",
                    flush=True,
                )
                stack.start()
                print(f"Ready: {stack.url}/chat/ (logs: {folder}). Ctrl-C stops it.", flush=True)
                signal.pause()
            finally:
                stack.stop()
    except KeyboardInterrupt:
        print("\nStopped.")
    except (CannotRun, TrainingFailed) as error:
        print(f"The stack cannot run: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
