"""Stand-in for TensorFlow and the channel SDKs that Rasa imports but this project never runs.

Rasa 3.6.21 imports TensorFlow from ``rasa.core.agent`` and every channel's SDK from ``rasa.core.channels``,
whatever ``config.yml`` and ``credentials.yml`` name. The environment leaves them out (a third of the disk, a tenth of
the start); this finder answers those imports with inert modules. ``make setup`` writes a ``.pth`` file that loads it,
so the plain ``rasa`` command works. Packages that are installed are never shadowed: the stock environment runs
untouched.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import os
import sys
import types
import warnings
from collections.abc import Sequence
from typing import Any, TextIO

ABSENT = frozenset(
    "tensorflow keras tensorflow_addons tensorflow_hub tensorflow_text confluent_kafka twilio fbmessenger "
    "mattermostwrapper webexteamssdk rocketchat_API aiogram sentry_sdk structlog_sentry".split()
)

DEFAULTS = {
    "RASA_TELEMETRY_ENABLED": "false",
    # Rasa refuses to read endpoints.yml when a variable in it is unset.
    "HAIR_ANSWERS_ACTION_URL": "http://127.0.0.1:5055/webhook",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
}

# Notes of old dependencies to their own authors, and of Rasa about what this project does on purpose.
HARMLESS = (
    "deprecated",
    "duplicated intents have been found",
    "is listed as a response action in the domain file, but there is no matching response",
    "Failed to parse arguments in line",
)

CURE = (
    "{name} needs TensorFlow, which this environment leaves out on purpose. "
    "Cure: take the component out of config.yml, or build the full environment with `make setup STOCK=1` "
    "and run `.venv-stock/bin/rasa` instead."
)


class MissingTensorFlow(RuntimeError):
    """Raised when a pipeline or policy that needs TensorFlow is really used."""


class _InertType(type):
    """Every attribute of an inert name is inert; only building a real model from it fails, with the cure."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Inert

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if cls is not Inert:
            raise MissingTensorFlow(CURE.format(name=cls.__name__))
        # ``@tf.function`` must hand the function back; ``@tf.function(...)`` and plain calls stay inert.
        is_decoration = len(args) == 1 and not kwargs and callable(args[0])
        return args[0] if is_decoration else Inert

    def __getitem__(cls, _: Any) -> Any:
        return cls

    def __or__(cls, _: Any) -> Any:
        return cls

    __ror__ = __or__


class Inert(metaclass=_InertType):
    """Any name of an absent package."""


class InertModule(types.ModuleType):
    """An absent package or one of its submodules."""

    __path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name == "__version__":
            return "0.0.0"
        if name.startswith("__"):
            raise AttributeError(name)
        return Inert


class InertFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Answers imports of absent packages; it stands last on the path, so an installed one always wins."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Claim ``tensorflow`` and friends when no other finder did."""
        if fullname.partition(".")[0] in ABSENT:
            return importlib.machinery.ModuleSpec(fullname, self, is_package=True)
        return None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        """Make the inert module."""
        return InertModule(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        """Nothing to run."""


_show_warning = warnings.showwarning


def show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Show a warning unless a package raised it and it says nothing to the person who runs the bot."""
    from_package = "site-packages" in filename
    if from_package and (
        issubclass(category, DeprecationWarning) or any(h in str(message) for h in HARMLESS)
    ):
        return
    _show_warning(message, category, filename, lineno, file, line)


def install() -> None:
    """Add the finder once and set what the plain `rasa` command needs (unset variables only)."""
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
    warnings.showwarning = show_warning
    if not any(isinstance(finder, InertFinder) for finder in sys.meta_path):
        sys.meta_path.append(InertFinder())
