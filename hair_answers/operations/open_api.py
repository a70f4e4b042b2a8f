"""Refuses to start with Rasa's HTTP API open to the network: it hands every conversation to whoever asks."""

from __future__ import annotations

from collections.abc import Sequence

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_GUARDS = ("--auth-token", "-t", "--jwt-secret")


class OpenApi(RuntimeError):
    """The API would be open; the message holds the cure."""


def refuse_open_api(arguments: Sequence[str]) -> None:
    """Raise OpenApi for `--enable-api` without a token on an address that others can reach."""
    if "--enable-api" not in arguments or _value(arguments, _GUARDS):
        return
    address = _value(arguments, ("--interface", "-i")) or "0.0.0.0"  # noqa: S104 - Rasa's default
    if address not in LOOPBACK:
        raise OpenApi(
            f"--enable-api on {address} without a token would show every conversation to anyone. Cure: leave"
            " --enable-api out (the channels work without it), or add --auth-token, or listen on 127.0.0.1."
        )


def _value(arguments: Sequence[str], names: Sequence[str]) -> str:
    """The value of the first of these options, "" when none is given or it is empty."""
    for place, argument in enumerate(arguments):
        name, given, value = argument.partition("=")
        if name in names:
            return value if given else next(iter(arguments[place + 1 : place + 2]), "")
    return ""
