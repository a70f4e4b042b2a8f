"""Servers of the production stack to send anything to; each must be well afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fuzz.entry import Entry
from tests.fuzz.shapes import MARK
from tests.production import Production


@pytest.fixture
def bot(production: Production) -> Iterator[Entry]:
    """One bot; afterwards it lives, answers people, keeps what they say, and has logged nothing of it."""
    entry = Entry(production.stack.services["bot1"].port)
    yield entry
    check_it_lives(production, "bot1")
    assert entry.answers_people()
    assert b'"degraded":[]' in entry.ask("GET", "/health/ready").body


@pytest.fixture
def actions(production: Production) -> Iterator[Entry]:
    """The action server; afterwards it lives and has logged nothing of what was said."""
    yield Entry(production.stack.services["actions"].port)
    check_it_lives(production, "actions")


def check_it_lives(production: Production, name: str) -> None:
    service = production.stack.services[name]
    assert service.process is not None and service.process.poll() is None
    lines = [line for line in service.log.read_text(errors="replace").splitlines() if MARK in line]
    assert not lines, lines[:3]
