"""What is wrong with a content file, where, and how to cure it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One fault: file (relative to the project), line (0 = whole file), key, what is wrong and the cure."""

    file: str
    line: int
    key: str
    what: str
    cure: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where} {self.key}: {self.what} → {self.cure}"


Report = Callable[[Problem], None]


class ContentError(Exception):
    """Content files that cannot be used; `problems` names every fault with its cure."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))
