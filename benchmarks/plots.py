"""The three figures of docs/understanding.md: risk–coverage, reliability, and the pairs most often mixed up."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np

from benchmarks.cross_validation import CrossValidation
from hair_answers.nlu.calibration import OUT_OF_SCOPE_SHARE

matplotlib.use("Agg")  # before pyplot: no screen is needed
from matplotlib import pyplot as plt

BINS = 10
PAIRS = 12
SIZE = (6.0, 4.0)  # inches
INK, SECOND, FAINT = "#1f4e79", "#b5541c", "#999999"


def _save(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    plt.tight_layout()
    # No date and no version inside: the same figures give the same file.
    plt.savefig(path, dpi=120, metadata={"Software": None})
    plt.close()


def risk_coverage(found: CrossValidation, path: Path) -> None:
    """Draw the share of wrong answers against the share of questions answered."""
    coverage, risk = found.risk_coverage()
    asked = found.in_scope
    sure = found.probability >= found.answer_from
    plt.figure(figsize=SIZE)
    plt.plot(coverage, risk, color=INK)
    answered = float(sure[asked].mean())
    wrong = float((~found.served)[asked & sure].mean())
    plt.plot([answered], [wrong], "o", color=SECOND)
    plt.annotate(
        f"threshold {found.answer_from:.2f}: {answered:.0%} answered, {wrong:.1%} of them wrong",
        (answered, wrong),
        xytext=(0.97, 0.06),
        textcoords="axes fraction",
        ha="right",
        arrowprops={"arrowstyle": "-", "color": FAINT},
    )
    plt.xlabel("share of unseen questions answered outright")
    plt.ylabel("share of those answers that are wrong")
    plt.xlim(0, 1)
    plt.ylim(bottom=0)
    plt.grid(color=FAINT, alpha=0.3)
    _save(path)


def reliability(found: CrossValidation, path: Path) -> None:
    """Draw how often the bot is right against how sure it says it is, unknown questions among them."""
    n = len(found.labels)
    said = np.concatenate([found.probability, found.unknown_probability])
    right = np.concatenate([found.served, np.zeros(n, bool)]).astype(float)
    weight = np.repeat([1.0, OUT_OF_SCOPE_SHARE / (1 - OUT_OF_SCOPE_SHARE)], n)
    place = np.minimum((said * BINS).astype(int), BINS - 1)
    counts = np.bincount(place, weight, BINS)
    filled = counts > 0
    means = [np.bincount(place, weight * values, BINS)[filled] / counts[filled] for values in (said, right)]
    plt.figure(figsize=SIZE)
    plt.plot([0, 1], [0, 1], "--", color=FAINT, label="perfect")
    plt.plot(means[0], means[1], "o-", color=INK, label="seen")
    plt.bar(
        (np.arange(BINS) + 0.5) / BINS, counts / counts.sum(), 0.09, color=SECOND, alpha=0.3, label="messages"
    )
    plt.xlabel("probability that the bot says")
    plt.ylabel("share that is right")
    plt.title(f"expected calibration error {found.calibration_error:.3f}", fontsize=10)
    plt.legend()
    _save(path)


def confusions(found: CrossValidation, path: Path) -> None:
    """Draw the pairs of answers most often taken for one another."""
    pairs = found.confusions(PAIRS)[::-1]
    plt.figure(figsize=(7.5, 0.35 * PAIRS + 1))
    plt.barh([f"{a}  ↔  {b}" for a, b, _ in pairs], [number for *_, number in pairs], color=INK)
    plt.xlabel("unseen phrases taken for the other one")
    plt.yticks(fontsize=8)
    _save(path)
