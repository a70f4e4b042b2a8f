"""Typed reading of one mapping: each method checks one field and reports what is wrong with it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from hair_answers.knowledge.problem import Report
from hair_answers.knowledge.yaml_file import KeyPath, YamlFile


@dataclass(frozen=True)
class Fields:
    """A mapping of a file with its place, so that every message can name file, line, key, value and cure."""

    file: YamlFile
    path: KeyPath
    key: str
    data: dict[str, Any]
    report: Report

    def complain(self, name: str, what: str, cure: str) -> None:
        """Report a fault of the field `name`."""
        self.report(self.file.problem(self.key, f"`{name}` {what}", cure, *self.path, name))

    def refuse_unknown(self, known: Collection[str]) -> None:
        """Report every field that is not in `known`: usually a misspelling."""
        for name in self.data:
            if name not in known:
                self.complain(str(name), "is not a known field", f"use one of: {', '.join(sorted(known))}")

    def text(self, name: str, default: str = "", required: bool = True) -> str:
        """A text, stripped; numbers are taken as they are written."""
        value = self.data.get(name)
        if value is None or value == "":
            if required:
                self.complain(name, "is missing or empty", f"write `{name}: …`")
            return default
        if isinstance(value, (str, int, float)) and not isinstance(value, bool):
            return str(value).strip()
        self.complain(name, f"is {value!r}, not a text", 'put the text in "quotes"')
        return default

    def choice(self, name: str, allowed: Collection[str], default: str) -> str:
        """One of the allowed words."""
        value = self.data.get(name)
        if isinstance(value, str) and value in allowed:
            return value
        self.complain(name, f"is {value!r}", f"write one of: {', '.join(allowed)}")
        return default

    def texts(self, name: str, required: bool = False) -> tuple[str, ...]:
        """A list of texts; an absent optional list is empty."""
        value = self.data.get(name)
        if value is None and not required:
            return ()
        if isinstance(value, list) and all(isinstance(item, str) and item for item in value):
            return tuple(value)
        self.complain(name, f"is {value!r}, not a list of names", f"write `{name}: [first, second]`")
        return ()

    def flag(self, name: str, default: bool) -> bool:
        """true or false; absent means `default`."""
        value = self.data.get(name, default)
        if isinstance(value, bool):
            return value
        self.complain(name, f"is {value!r}", "write true or false, without quotes")
        return default

    def number(self, name: str, default: int, least: int = 0) -> int:
        """A whole number of at least `least`."""
        value = self.data.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value >= least:
            return value
        self.complain(name, f"is {value!r}", f"write a whole number, {least} or more, without quotes")
        return default

    def day(self, name: str, default: date) -> date:
        """A date as YYYY-MM-DD."""
        value = self.data.get(name)
        if isinstance(value, date):
            return value
        self.complain(
            name, f"is {value!r}, not a date", "write it as YYYY-MM-DD without quotes, e.g. 2026-11-22"
        )
        return default
