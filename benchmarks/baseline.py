"""The figures a change must not lower beyond noise: `python -m benchmarks.baseline` writes them to baseline.json.

Per-topic F1 and the share of unknown questions not answered, by out-of-fold prediction of half of our phrases (see
`cross_validation`), and the far-out-of-scope queries that the trained model leaves alone. CI compares.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.cross_validation import cross_validate
from benchmarks.real_questions import far_out_of_scope
from benchmarks.sources import trained_matcher

PATH = Path(__file__).with_name("baseline.json")
ERRORS = 2.0  # standard errors of a share that count as noise
SMALLEST_DROP = 0.02  # below this nothing is a drop


@dataclass(frozen=True)
class Share:
    """A share and how many cases it stands on."""

    value: float
    cases: int

    @property
    def noise(self) -> float:
        """How far it may fall by chance: the standard error of a share, never less than SMALLEST_DROP."""
        # One case is added on each side (Agresti & Coull 1998): a share of 1 is not free of chance.
        smooth = (self.value * self.cases + 1) / (self.cases + 2)
        return max(SMALLEST_DROP, ERRORS * math.sqrt(smooth * (1 - smooth) / self.cases))


def measure() -> dict[str, Share]:
    """Measure what is compared, by name."""
    matcher = trained_matcher()
    found = cross_validate(matcher, half=True)
    asked = int(found.in_scope.sum())
    quiet, queries = far_out_of_scope()
    return {
        **{f"F1 {name}": Share(round(f1, 4), count) for name, (f1, count) in found.topics().items()},
        "own or a serving answer first": Share(round(float(found.served[found.in_scope].mean()), 4), asked),
        "unknown questions not answered": Share(round(found.unknown_not_answered, 4), asked),
        "far out of scope not answered": Share(round(quiet / queries, 4), queries),
    }


def drops(before: dict[str, Share], now: dict[str, Share]) -> Iterator[str]:
    """Yield a line for each figure that fell by more than noise; what is new or gone is no drop."""
    for name, old in before.items():
        new = now.get(name)
        if new is not None and old.value - new.value > old.noise:
            yield f"{name}: {old.value:.3f} before, {new.value:.3f} now ({old.noise:.3f} would be noise)"


def read() -> dict[str, Share]:
    """Read baseline.json."""
    stored = json.loads(PATH.read_text(encoding="utf-8"))
    return {name: Share(**share) for name, share in stored["figures"].items()}


def main() -> None:
    """Measure and store; print what fell since the last time."""
    now = measure()
    if PATH.is_file():
        print("\n".join(drops(read(), now)) or "Nothing fell beyond noise.")
    stored = {
        "measured": time.strftime("%Y-%m-%d"),
        "command": "python -m benchmarks.baseline",
        "figures": {name: asdict(share) for name, share in now.items()},
    }
    PATH.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
