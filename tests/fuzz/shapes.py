"""What nobody should send: any JSON value, and messages that are right but for one field."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

MARK = "quokkazebra"  # stands in what is said, so that a log or a slot that took it up is found
ABSENT = object()
Place = tuple[Any, ...]

_ANY_CHARACTER = st.characters(exclude_categories=())  # lone surrogates and control characters too
texts = st.text(_ANY_CHARACTER, max_size=40)
NASTY = (
    "", "\x00", "\ud800", "-1", "1e999", "NaN", "../../etc/passwd", "' OR 1=1; --", "<script>alert(1)</script>",
    "{clinic_name.__class__}", "{0.__class__}", "{{7*7}}", "${PATH}", "%s%n", "/restart", "/session_start", "٣", "²",
    f'/handoff{{"handoff_name": "{MARK}"}}', f'/causes{{"subject": "{MARK}"}}', f"/slot{{{MARK}}}", "a" * 2_000,
    f"EXTERNAL: {MARK}", "__proto__", "constructor", "@" * 300, 2**63, -(2**63), 10**30, 1e308, float("inf"),
    float("nan"), [], {}, [[]], {"$ne": None}, True, None,
)  # fmt: skip
scalars = st.one_of(st.sampled_from(NASTY), st.booleans(), st.integers(), st.floats(), texts)
values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
    max_leaves=8,
)


def mutated(message: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return the message with the value at one place, at any depth, replaced, left out, or joined by a stranger."""
    places = st.sampled_from(list(_places(message)))
    return st.builds(_put, st.just(message), places, st.one_of(values, st.just(ABSENT)))


def _places(value: Any, at: Place = ()) -> Iterator[Place]:
    if at:
        yield at
    if isinstance(value, dict):
        yield (*at, "stranger")
        for key, inner in value.items():
            yield from _places(inner, (*at, key))
    elif isinstance(value, list):
        for key, inner in enumerate(value):
            yield from _places(inner, (*at, key))


def _put(message: dict[str, Any], place: Place, value: Any) -> dict[str, Any]:
    changed: Any = copy.deepcopy(message)
    inner = changed
    for key in place[:-1]:
        inner = inner[key]
    if value is not ABSENT:
        inner[place[-1]] = value
    elif isinstance(inner, list) or place[-1] in inner:
        del inner[place[-1]]
    return dict(changed)


def as_json(value: Any) -> bytes:
    """Return the value as a program would send it; NaN and lone surrogates included."""
    return json.dumps(value).encode()


# Bytes that are no JSON, that nearly are, or that ask a parser for too much.
bodies = st.one_of(
    st.binary(max_size=200),
    values.map(as_json),
    values.map(as_json).map(lambda body: body[:-1]),
    st.sampled_from(
        [b"[" * 50_000, b'{"a":' * 20_000, b'"' + b"\\u0000" * 5_000 + b'"', b"9" * 10_000, b"\xff" * 99]
    ),
)
