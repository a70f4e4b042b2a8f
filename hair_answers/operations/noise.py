"""Keeps framework chatter away from people: deprecation notes of old dependencies say nothing to them."""

from __future__ import annotations

import os

QUIET = {
    "PYTHONWARNINGS": "ignore",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "RASA_TELEMETRY_ENABLED": "false",
    "TOKENIZERS_PARALLELISM": "false",
    "LOG_LEVEL_LIBRARIES": "ERROR",
}


def quiet_environment() -> dict[str, str]:
    """Return the environment for a child process; what the caller has set wins."""
    return {**QUIET, **os.environ}
