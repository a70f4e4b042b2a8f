"""What every command needs: the endpoints file, the clinic's settings, and the databases behind them."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from sqlalchemy.engine import Engine

from hair_answers.knowledge.library import Library
from hair_answers.knowledge.problem import ContentError
from hair_answers.storage.archive import prepare_archive
from hair_answers.storage.database import (
    FAULTS,
    Address,
    NoDatabase,
    make_engine,
    open_database,
    read_endpoints,
)

ROOT = Path(__file__).resolve().parents[2]


def parser(purpose: str) -> argparse.ArgumentParser:
    """A parser with the option all commands share."""
    made = argparse.ArgumentParser(description=purpose)
    default = endpoints_file()
    made.add_argument("--endpoints", type=Path, default=default, help=f"default: {default}")
    return made


def endpoints_file() -> Path:
    """The endpoints file in use: ENDPOINTS, or the embedded default."""
    return Path(os.environ.get("ENDPOINTS", "endpoints.yml"))


@lru_cache(maxsize=4)
def conversations(endpoints: Path) -> Engine:
    """The conversation database of the endpoints file."""
    return open_database(endpoints)


@lru_cache(maxsize=4)
def archives(endpoints: Path) -> list[Engine]:
    """The archive of published events, when the endpoints file names one under `event_archive`."""
    address = (read_endpoints(endpoints).get("event_archive") or {}).get("url")
    if not address:
        return []
    engine = make_engine(Address(host=str(address)))
    prepare_archive(engine)
    return [engine]


def retention_days() -> int:
    """Days that clinic.yml keeps conversations."""
    return Library.default().clinic.retention_days


def run_command(command: Callable[[], int]) -> int:
    """Run a command; a fault becomes one line with its cure, and exit status 1."""
    os.chdir(ROOT)
    try:
        return command()
    except (NoDatabase, ContentError) as error:
        print(error, file=sys.stderr)
    except FAULTS as error:
        cure = "Cure: see that the database of the endpoints file runs and can be reached."
        print(f"The database gave no answer ({type(error).__name__}). {cure}", file=sys.stderr)
    return 1
