"""Is this installation ready to start? `python -m hair_answers.operations.doctor` looks and sends nothing."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from hair_answers.channels.settings import SettingsError, SlackSettings, TelegramSettings
from hair_answers.knowledge.library import Library
from hair_answers.knowledge.problem import ContentError
from hair_answers.operations.training import ROOT, is_current

Environment = Mapping[str, str]

READERS: dict[str, Callable[[Mapping[str, Any]], object]] = {
    "hair_answers.channels.slack.SlackClinicInput": SlackSettings.read,
    "hair_answers.channels.telegram.TelegramClinicInput": TelegramSettings.read,
}
# As in hair_answers/channels/website/sessions.py, whose package would bring all of Rasa in here.
SECRET_VARIABLE, SHORTEST_SECRET = "HAIR_ANSWERS_SECRET", 32
METRICS_VARIABLE = "HAIR_ANSWERS_METRICS_TOKEN"  # what credentials.production.yml asks /metrics' readers for
OURS = ("hair_answers.channels.", "hair_answers.operations.health.")
SET_AT_START = frozenset({"HAIR_ANSWERS_ACTION_URL"})  # by the program that starts the servers
DEMO = re.compile(r"change me|example\.com", re.IGNORECASE)
_VARIABLE = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True)
class Finding:
    """One line of the report: ok, a note, or a fault that keeps the bot from starting."""

    level: str
    text: str


def configuration_faults(credentials: Path, endpoints: Path, environment: Environment) -> list[str]:
    """Return everything that is missing or malformed in the two files, one line a fault, no secret shown."""
    faults = [fault for path in (credentials, endpoints) for fault in _unset(path, environment)]
    faults += _block_faults(credentials, environment)
    for name in (SECRET_VARIABLE, METRICS_VARIABLE):
        secret = environment.get(name)
        if secret and len(secret) < SHORTEST_SECRET:
            faults.append(
                f"{name} has {len(secret)} characters → give it at least {SHORTEST_SECRET}, or unset it"
            )
    return faults


def examine(root: Path, credentials: Path, endpoints: Path, environment: Environment) -> Iterator[Finding]:
    """Yield what is found: configuration, content, clinic, model, and the folder that keeps state."""
    faults = configuration_faults(credentials, endpoints, environment)
    yield from (Finding("fault", fault) for fault in faults)
    if not faults:
        yield Finding("ok", f"{credentials.name} and {endpoints.name} are complete")
    try:
        library = Library.load(root)
    except ContentError as error:
        yield from (Finding("fault", str(problem)) for problem in error.problems)
    else:
        yield Finding("ok", f"{len(library.answers)} answers can be read")
        yield from _clinic(library)
    if is_current(root):
        yield Finding("ok", "the model fits the content")
    else:
        yield Finding("note", "the model is older than the content: the start trains it, about half a minute")
    yield _state(root / ".state")


def _unset(path: Path, environment: Environment) -> Iterator[str]:
    """Yield each variable a file asks for that is not set."""
    if not path.is_file():
        yield f"{path.name} is missing → name a file that exists in CREDENTIALS or ENDPOINTS"
        return
    lines = path.read_text(encoding="utf-8").splitlines()
    bare = "\n".join(line.split(" #")[0] for line in lines if not line.lstrip().startswith("#"))
    for name in dict.fromkeys(_VARIABLE.findall(bare)):
        if not environment.get(name) and name not in SET_AT_START:
            yield f"{path.name}: the variable {name} is not set → set it in the environment of the bot"


def _block_faults(credentials: Path, environment: Environment) -> Iterator[str]:
    """Yield what each channel says against its block; what is unset has been reported already."""
    try:
        blocks = yaml.safe_load(credentials.read_text(encoding="utf-8")) if credentials.is_file() else {}
    except yaml.YAMLError as error:
        yield f"{credentials.name} is no valid YAML → {error}"
        return
    for name, block in (blocks or {}).items():
        if not str(name).startswith(OURS):
            yield f"{credentials.name}: {name} is none of this bot's channels → use {', '.join(READERS)}"
        if name not in READERS:
            continue
        values = {key: _filled(value, environment) for key, value in (block or {}).items()}
        unset = [key for key, value in values.items() if value == "" and _VARIABLE.search(str(block[key]))]
        try:
            READERS[name](values)
        except SettingsError as error:
            yield from (
                fault for fault in error.faults if not any(f"`{key}` is missing" in fault for key in unset)
            )


def _filled(value: Any, environment: Environment) -> Any:
    if not isinstance(value, str):
        return value
    return _VARIABLE.sub(lambda match: environment.get(match.group(1), ""), value)


def _clinic(library: Library) -> Iterator[Finding]:
    """Yield a note for each of the clinic's settings that still is a demo value."""
    clinic = library.clinic
    for name in ("name", "phone", "hours", "booking", "price_text"):
        value = str(getattr(clinic, name))
        if DEMO.search(value):
            yield Finding(
                "note", f"clinic.yml: `{name}` is still the demo value → write your own before patients come"
            )


def _state(folder: Path) -> Finding:
    """Return whether conversations and deliveries can be kept."""
    place = folder if folder.exists() else folder.parent
    if os.access(place, os.W_OK):
        return Finding("ok", f"{folder.name} can be written")
    return Finding("fault", f"{folder} cannot be written → give the bot's user the right to write there")


def main() -> int:
    """Report from the command line; exit 1 when something keeps the bot from starting."""
    os.chdir(ROOT)
    credentials = Path(os.environ.get("CREDENTIALS", "credentials.yml"))
    endpoints = Path(os.environ.get("ENDPOINTS", "endpoints.yml"))
    findings = list(examine(ROOT, credentials, endpoints, os.environ))
    for finding in findings:
        print(f"{finding.level:<6}{finding.text}")
    return int(any(finding.level == "fault" for finding in findings))


if __name__ == "__main__":
    sys.exit(main())
