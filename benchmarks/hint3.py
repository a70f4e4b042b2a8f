"""HINT3 v1, mean of six sets, beside the five published systems: `python -m benchmarks.hint3`.

acc = in-scope accuracy without a threshold; AUROC = in-scope against out-of-scope; MCC at the best threshold.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.metrics import matthews_corrcoef, roc_auc_score

from benchmarks.sources import DATA
from hair_answers.nlu.embedding_cache import EmbeddingCache
from hair_answers.nlu.matcher import Matcher

HINT3 = DATA / "hint3"
BOTS = ("curekart", "powerplay11", "sofmattress")
PUBLISHED = ("rasa", "luis", "dialogflow", "bert", "haptik")
OUT_OF_SCOPE = "NO_NODES_DETECTED"
THRESHOLDS = 200


@dataclass(frozen=True)
class Figures:
    """One system on one set."""

    accuracy: float
    auroc: float
    mcc: float


def figures(truth: list[str], predicted: list[str], scores: npt.NDArray[np.float64]) -> Figures:
    """Score predictions without a threshold, and MCC at the best of the scores' quantiles."""
    true, guess = np.array(truth), np.array(predicted)
    inside = true != OUT_OF_SCOPE
    cuts = np.unique(np.quantile(scores, np.linspace(0, 1, THRESHOLDS)))
    mcc = max(matthews_corrcoef(true, np.where(scores >= cut, guess, OUT_OF_SCOPE)) for cut in cuts)
    return Figures(float((true == guess)[inside].mean()), float(roc_auc_score(inside, scores)), float(mcc))


def _rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8") as lines:
        return list(csv.reader(lines))[1:]


def ours(bot: str, part: str) -> Figures:
    """Train the project's matcher on one set and score it."""
    examples = [(f"hint3/{label}", text) for text, label in _rows(HINT3 / f"{bot}{part}_train.csv")]
    matcher = Matcher.fit(examples, {}, EmbeddingCache(Path(".rasa") / "embeddings-hint3.npz"))
    rows = _rows(HINT3 / f"{bot}_test.csv")
    matches = [matcher.match_sentence(text) for text, _ in rows]
    predicted = [match.key.removeprefix("hint3/") for match in matches]
    return figures([label for _, label in rows], predicted, np.array([m.confidence for m in matches]))


def published(system: str, bot: str, part: str) -> Figures:
    """Score the predictions the authors of the data published."""
    rows = _rows(HINT3 / "published" / f"{system}_{bot}{part}.csv")
    scores = np.array([float(row[3] or 0) for row in rows])
    return figures([row[1] for row in rows], [row[2] for row in rows], scores)


def compare() -> dict[str, dict[str, Figures]]:
    """Return each system's figures by set."""
    sets = [(bot, part) for bot in BOTS for part in ("", "_subset")]
    systems = {name: {f"{b}{p}": published(name, b, p) for b, p in sets} for name in PUBLISHED}
    return {**systems, "Hair Answers": {f"{b}{p}": ours(b, p) for b, p in sets}}


def mean_table(results: dict[str, dict[str, Figures]]) -> list[str]:
    """Return the means as Markdown rows."""
    rows = ["| system | accuracy | AUROC | MCC |", "|---|---|---|---|"]
    for name, sets in results.items():
        mean = np.mean([(f.accuracy, f.auroc, f.mcc) for f in sets.values()], axis=0)
        rows.append(f"| {name} | " + " | ".join(f"{value:.3f}" for value in mean) + " |")
    return rows


def worst_sets(results: dict[str, dict[str, Figures]]) -> list[str]:
    """Return for each set our MCC beside the best published one."""
    rows = ["| set | Hair Answers MCC | best published MCC |", "|---|---|---|"]
    for name, own in results["Hair Answers"].items():
        best = max(results[system][name].mcc for system in PUBLISHED)
        rows.append(f"| {name} | {own.mcc:.3f} | {best:.3f} |")
    return rows


def main() -> None:
    """Print both tables."""
    results = compare()
    print("\n".join([*mean_table(results), "", *worst_sets(results)]))


if __name__ == "__main__":
    main()
