"""`scripts/prove-image`: the image built and the composition run without a container engine, from their own files.

The Dockerfile's steps run in a folder that holds what COPY brings and nothing else; then each service of
docker-compose.yml runs there with its own command, environment and health check, as the image's user. What stays
unproven is what only an engine has: the base image's packages, the networks, the limits of memory.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis
import sqlalchemy as sa
import yaml

from hair_answers.operations.noise import QUIET
from hair_answers.operations.ports import free_port
from hair_answers.operations.stack import Stack, temporary_folder
from hair_answers.operations.training import MODEL, ROOT

PLACE = "/app"  # where the image keeps the program
READY_SECONDS = 120.0
STOP_SECONDS = 30.0  # compose's stop_grace_period
SECRET = "prove-image-" + "0" * 32
# Their own servers would be asked at the start: left out, as a clinic does that does not use them.
OTHER_CHANNELS = ("SlackClinicInput", "TelegramClinicInput")
# What the machine's own way to the package index needs.
PASSED_ON = re.compile(r"(?i)(PIP_|UV_|SSL_|REQUESTS_|CURL_|HTTPS?_PROXY|NO_PROXY|LANG|LC_)")

Words = Sequence[str]


class NotProven(RuntimeError):
    """A step failed; the message holds what it said."""


# The image ---------------------------------------------------------------------------------------------------------


def instructions(dockerfile: str) -> Iterator[tuple[str, str]]:
    """Each instruction with its words; continued lines are one."""
    lines = (line for line in dockerfile.splitlines() if not line.lstrip().startswith("#"))
    for line in re.sub(r"\\\n", " ", "\n".join(lines)).splitlines():
        name, _, rest = line.strip().partition(" ")
        if name:
            yield name.upper(), rest.strip()


def ignored_by(patterns: str) -> re.Pattern[str]:
    """What .dockerignore keeps out, as one expression for a path or a folder above it."""
    found = [line.strip() for line in patterns.splitlines() if line.strip() and not line.startswith("#")]
    parts = [re.escape(p).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*") for p in found]
    return re.compile("|".join(f"(?:{part})" for part in parts))


def context(root: Path) -> Iterator[Path]:
    """The files that reach the build, relative to the project."""
    ignored = ignored_by((root / ".dockerignore").read_text())
    for folder, names, files in os.walk(root):
        here = Path(folder).relative_to(root)
        names[:] = [name for name in names if not ignored.fullmatch((here / name).as_posix())]
        yield from (here / name for name in files if not ignored.fullmatch((here / name).as_posix()))


@dataclass
class Image:
    """The Dockerfile carried out in `folder`, which stands for /app."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    users: dict[str, int] = field(default_factory=dict)
    user: int = 0
    command: Words = ()
    health: Words = ()

    def here(self, text: str) -> str:
        """The text with the image's folder and users as they are on this machine."""
        for name, number in self.users.items():
            text = re.sub(rf"(-[og]) {name}\b", rf"\1 {number}", text)
        return re.sub(rf"(?<![\w/]){PLACE}\b", str(self.folder), text)

    def build(self, dockerfile: str) -> None:
        """Carry out every instruction; an unknown one is refused."""
        for name, rest in instructions(dockerfile):
            step = getattr(self, f"_{name.lower()}", None)
            if step is None:
                raise NotProven(f"{name} is no instruction this proof knows.")
            started = time.monotonic()
            step(rest)
            if (seconds := time.monotonic() - started) > 1:
                print(f"  {seconds:5.0f} s  {name} {rest[:90]}", flush=True)

    def _from(self, rest: str) -> None:
        tools = self.folder.parent / "bin"
        tools.mkdir(exist_ok=True)
        for name in ("python", "python3"):
            (tools / name).unlink(missing_ok=True)
            (tools / name).symlink_to(python())
        machine = {name: value for name, value in os.environ.items() if PASSED_ON.match(name)}
        self.environment = {
            **machine,
            "PATH": f"{tools}:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(self.folder),
        }

    def _arg(self, rest: str) -> None:
        name, _, value = rest.partition("=")
        if name == "PYTHON" and value != "3.11":
            raise NotProven(f"The image's Python is {value}, this machine's 3.11.")

    def _env(self, rest: str) -> None:
        for word in shlex.split(rest):
            name, _, value = word.partition("=")
            self.environment[name] = self.here(value).replace("$PATH", self.environment["PATH"])

    def _workdir(self, rest: str) -> None:
        if rest != PLACE:
            raise NotProven(f"WORKDIR is {rest}, not {PLACE}.")
        self.folder.mkdir(exist_ok=True)

    def _copy(self, rest: str) -> None:
        options = [word for word in rest.split() if word.startswith("--")]
        sources = [word for word in rest.split() if not word.startswith("--")][:-1]
        if any(option.startswith("--from") for option in options):
            subprocess.run(["chown", "-R", "root:root", str(self.folder)], check=True)
            return  # both stages share one folder: a virtual environment knows its place
        for path in context(ROOT):
            if sources == ["."] or path.as_posix() in sources:
                (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / path, self.folder / path, follow_symlinks=False)

    def _run(self, rest: str) -> None:
        if match := re.search(r"useradd .*--uid (\d+).* (\w+)$", rest):
            self.users[match[2]] = int(match[1])  # the number is enough: this machine gets no new user
            return
        done = subprocess.run(
            ["sh", "-c", self.here(rest)],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise NotProven(f"RUN {rest}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")

    def _user(self, rest: str) -> None:
        self.user = int(rest)

    def _cmd(self, rest: str) -> None:
        self.command = json.loads(rest)

    def _healthcheck(self, rest: str) -> None:
        self.health = json.loads(rest.partition("CMD ")[2])

    def _said_only(self, rest: str) -> None:
        """What an engine notes and does not do."""

    _label = _expose = _stopsignal = _said_only


def python() -> Path:
    """A Python 3.11 like the base image's: one that any user may run and that makes virtual environments."""
    for folder in ("/usr/local/bin", "/usr/bin", f"{sys.base_prefix}/bin"):
        found = Path(folder) / "python3.11"
        if (
            found.exists()
            and subprocess.run([found, "-c", "import ensurepip"], capture_output=True).returncode == 0
        ):
            return found
    raise NotProven("There is no Python 3.11 with venv. Cure: apt-get install python3.11-venv.")


# The composition ---------------------------------------------------------------------------------------------------


def filled(text: str, values: Mapping[str, str]) -> str:
    """Compose's ${NAME}, ${NAME:-default} and ${NAME:?message}."""

    def value(match: re.Match[str]) -> str:
        return values.get(match[1]) or (match[2] or "").removeprefix(":-")

    return re.sub(r"\$\{(\w+)(:-[^}]*)?(?::\?[^}]*)?\}", value, text)


class Composition:
    """The services of docker-compose.yml as processes of the image's user, with stores of this machine."""

    def __init__(self, image: Image, stack: Stack, compose: dict[str, Any]) -> None:
        self.image, self._stack = image, stack
        self._services = {
            name: service
            for name, service in compose["services"].items()
            if "hair-answers" in service["image"]
        }
        ports = {"5005": free_port(), "5055": free_port()}
        self.port = ports["5005"]
        self._moved = {
            "@postgres:5432": f"@127.0.0.1:{stack.ports['postgres']}",
            "//actions:5055": f"//127.0.0.1:{ports['5055']}",
            **{old: str(new) for old, new in ports.items()},
        }
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def command(self, words: Words) -> list[str]:
        """The command as the image's user without any privilege, on this machine's ports."""
        program = [self._at_home(self.image.here(word)) for word in words]
        user = str(self.image.user)
        drop = ["--clear-groups", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all"]
        return ["setpriv", f"--reuid={user}", f"--regid={user}", *drop, *program]

    def environment(self, name: str) -> dict[str, str]:
        """What compose gives the service, with this machine's addresses."""
        secrets = {
            variable: SECRET
            for variable in (
                "POSTGRES_PASSWORD",
                "REDIS_PASSWORD",
                "HAIR_ANSWERS_SECRET",
                "HAIR_ANSWERS_METRICS_TOKEN",
            )
        }
        given = self._services[name]["environment"].items()
        stores = {
            "RABBITMQ_USER": "guest",
            "RABBITMQ_PASSWORD": "guest",
            **{
                f"{store.upper()}_{what}": value
                for store in ("postgres", "redis", "rabbitmq")
                for what, value in (("HOST", "127.0.0.1"), ("PORT", str(self._stack.ports[store])))
            },
        }
        values = {variable: self._at_home(filled(value, secrets)) for variable, value in given}
        return {**self.image.environment, **values, **stores}

    def start(self, name: str) -> None:
        """Start a service with its own command, or with the image's."""
        log = (self.image.folder.parent / f"{name}.log").open("wb")
        self.processes[name] = subprocess.Popen(
            self.command(self._services[name].get("command") or self.image.command),
            cwd=self.image.folder, env=self.environment(name), stdout=log, stderr=log,
        )  # fmt: skip

    def is_healthy(self, name: str) -> bool:
        """Ask what the engine would ask; a service without a check is healthy while it runs."""
        check = self._services[name].get("healthcheck") or {"test": ["CMD", *self.image.health]}
        if check.get("disable"):
            return self.processes[name].poll() is None
        words = self.command(check["test"][1:])
        done = subprocess.run(words, env=self.environment(name), cwd=self.image.folder, capture_output=True)
        return done.returncode == 0

    def wait(self, name: str) -> float:
        """Return the seconds until a service is healthy; NotProven when it died or takes too long."""
        started = time.monotonic()
        while not self.is_healthy(name):
            if self.processes[name].poll() is not None or time.monotonic() - started > READY_SECONDS:
                raise NotProven(f"{name} is not healthy:\n{self.log(name)[-3000:]}")
            time.sleep(0.2)
        return time.monotonic() - started

    def run(self, name: str) -> None:
        """Run a service that ends by itself."""
        self.start(name)
        if self.processes[name].wait(READY_SECONDS):
            raise NotProven(f"{name} failed:\n{self.log(name)[-3000:]}")

    def stop(self) -> dict[str, int]:
        """Ask all to stop as the engine does; the exit codes."""
        for process in self.processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        return {name: process.wait(STOP_SECONDS) for name, process in self.processes.items()}

    def log(self, name: str) -> str:
        """What a service said."""
        return (self.image.folder.parent / f"{name}.log").read_text(errors="replace")

    def _at_home(self, text: str) -> str:
        for old, new in self._moved.items():
            text = text.replace(old, new)
        return text


def secure(stack: Stack) -> sa.engine.Engine:
    """Give the stores the user, the database and the passwords that compose gives them."""
    engine = sa.create_engine(stack.database, isolation_level="AUTOCOMMIT", poolclass=sa.pool.NullPool)
    rules = stack.folder / "postgres" / "pg_hba.conf"
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE ROLE hair LOGIN PASSWORD '{SECRET}'"))
        connection.execute(sa.text("CREATE DATABASE hair OWNER hair"))
        rules.write_text(f"host all hair 127.0.0.1/32 scram-sha-256\n{rules.read_text()}")
        connection.execute(sa.text("SELECT pg_reload_conf()"))
    redis.Redis(port=stack.ports["redis"]).config_set("requirepass", SECRET)
    return sa.create_engine(sa.engine.make_url(stack.database).set(database="hair"))


def ask(port: int, path: str, body: object = None, token: str = "") -> tuple[int, str]:
    """Send a request to the bot; the status and what came."""
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(
            urllib.request.Request(f"http://127.0.0.1:{port}{path}", data, headers), timeout=30
        ) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, ""


def expect(what: str, holds: bool) -> None:
    """Say what was proven; NotProven when it was not."""
    if not holds:
        raise NotProven(f"Not so: {what}.")
    print(f"  proven   {what}", flush=True)


def prove(folder: Path) -> None:
    """Build, start, ask, stop."""
    folder.chmod(0o755)  # the image's user must get in
    image = Image(folder / "app")
    print("Building from deploy/Dockerfile …", flush=True)
    image.build((ROOT / "deploy/Dockerfile").read_text())
    expect("the model is in the image", (image.folder / MODEL).is_file())
    absent = ("tests", "docs", "benchmarks", ".git", "deploy/.env")
    expect(
        "nothing that .dockerignore names is in it",
        not any((image.folder / name).exists() for name in absent),
    )
    _leave_other_channels_out(image.folder / "credentials.production.yml")
    stores = folder / "stores"
    stores.mkdir()
    stack = Stack(stores, image.folder / MODEL, bots=0)
    composition = Composition(image, stack, yaml.safe_load((ROOT / "deploy/docker-compose.yml").read_text()))
    names = ("postgres", "redis", "rabbitmq")
    try:
        for name in names:
            stack.services[name].start()
        for name in names:
            stack.services[name].wait()
        database = secure(stack)
        print(f"Starting the services of docker-compose.yml as user {image.user} …", flush=True)
        for name in ("actions", "archive", "delivery", "bot"):
            composition.start(name)
        for name in ("actions", "archive", "delivery", "bot"):
            expect(f"{name} is healthy after {composition.wait(name):.0f} s", True)
        _ask_everything(composition, database)
        codes = composition.stop()
        expect(f"SIGTERM ends every service: exit {codes}", not any(codes.values()))
    finally:
        for process in composition.processes.values():
            if process.poll() is None:
                process.kill()
        for name in names:
            stack.services[name].stop()


def _ask_everything(composition: Composition, database: sa.engine.Engine) -> None:
    """What a person, Prometheus and a cron job want of it."""
    image, port = composition.image, composition.port
    expect("/health/ready says 200", ask(port, "/health/ready")[0] == 200)
    said = ask(port, "/webhooks/rest/webhook", {"sender": "proof-one", "message": "what is prp"})[1]
    expect("a question is answered", "platelet-rich plasma" in said)
    for message in ("/feedback/helpful", "i want to kill myself"):
        ask(port, "/webhooks/rest/webhook", {"sender": "proof-one", "message": message})
    expect(
        "/metrics wants the token", [ask(port, "/metrics", token=t)[0] for t in ("", SECRET)] == [404, 200]
    )
    composition.run("insights")
    expect("the insights job writes its page", (image.folder / "results/insights.html").is_file())
    for table in ("events", "event_archive", "opinions", "counts"):
        expect(f"PostgreSQL has rows in {table}", _has_rows(database, table))
    expect("the user cannot write to the program", not _can_write(composition, image.folder / "config.yml"))
    expect("nothing was written beside the program", not any((image.folder / ".state").glob("*.db")))


def _has_rows(database: sa.engine.Engine, table: str) -> bool:
    """True once the table has a row: the archive comes a moment later."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            with database.connect() as connection:
                if connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar():  # noqa: S608
                    return True
        except sa.exc.ProgrammingError:
            pass  # not made yet
        time.sleep(0.2)
    return False


def _can_write(composition: Composition, path: Path) -> bool:
    return subprocess.run(composition.command(["test", "-w", str(path)])).returncode == 0


def _leave_other_channels_out(credentials: Path) -> None:
    blocks = re.split(r"\n\n", credentials.read_text())
    kept = [block for block in blocks if not any(name in block for name in OTHER_CHANNELS)]
    credentials.write_text("\n\n".join(kept) + "\n")


def main() -> int:
    """Prove it and say how long it took."""
    os.chdir(ROOT)
    os.environ.update(QUIET)
    if os.geteuid() or not shutil.which("setpriv"):
        print(
            "The proof needs root and setpriv (util-linux): it gives its rights up itself.", file=sys.stderr
        )
        return 1
    started = time.monotonic()
    try:
        with temporary_folder() as folder:
            prove(folder)
    except NotProven as fault:
        print(f"\nNot proven: {fault}", file=sys.stderr)
        return 1
    print(f"Proven in {time.monotonic() - started:.0f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
