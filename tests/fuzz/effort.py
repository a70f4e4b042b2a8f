"""How hard the fuzzers try: the same few examples in every run, or FUZZ_EXAMPLES new ones a test."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))
fuzzed = settings(
    max_examples=EXAMPLES or 100,
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,  # each request has a time limit of its own
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
# For examples that take whole turns.
fuzzed_turns = settings(fuzzed, max_examples=EXAMPLES or 30)
