"""The project that `rasa init` makes, trained and served as it is: what the load is compared with."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from benchmarks.stock import ENVIRONMENT, FOLDER, PYTHON
from hair_answers.operations.ports import free_port

PROJECT = FOLDER / "rasa_init"
START_SECONDS = 240


def make() -> Path:
    """Return the trained project; the first time `rasa init` writes and trains it, a minute or two."""
    if not PYTHON.is_file():
        raise SystemExit("Rasa's own environment is missing. Cure: make setup STOCK=1")
    if not list((PROJECT / "models").glob("*.tar.gz")):
        PROJECT.mkdir(parents=True, exist_ok=True)
        print("Making Rasa's default project (rasa init) …", flush=True)
        command = [PYTHON, "-m", "rasa", "init", "--no-prompt", "--init-dir", PROJECT]
        subprocess.run(command, env=os.environ | ENVIRONMENT, check=True, capture_output=True)
    return PROJECT


@contextlib.contextmanager
def served() -> Iterator[tuple[str, list[int]]]:
    """Yield the address of its REST channel and its process id."""
    project, port = make(), free_port()
    command = [str(PYTHON), "-m", "rasa", "run", "--interface", "127.0.0.1", "--port", str(port)]
    environment = os.environ | ENVIRONMENT | {"LOG_LEVEL": "WARNING"}
    server = subprocess.Popen(
        command, cwd=project, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait(server, port)
        yield f"http://127.0.0.1:{port}/webhooks/rest/webhook", [server.pid]
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)


def _wait(server: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2)
            return
        if server.poll() is not None:
            break
        time.sleep(0.5)
    raise RuntimeError("Rasa's default project did not start")
