"""Right, offered, declined and wrong on real questions: `python -m benchmarks.real_questions [--show]`.

Right = the answer given is one of those that serve the label; offered = a did-you-mean lists one; declined = neither an
answer nor such an offer; wrong = another answer. Labels and their answers: benchmarks/real_questions.yml.
"""

from __future__ import annotations

import argparse
import fnmatch
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from benchmarks.sources import DATA, ROOT, real_questions, trained_matcher
from hair_answers.nlu.matcher import CONTROL_TOPICS, Match

OUTCOMES = ("right", "offered", "declined", "wrong")
# Labels of the five topics a clinic starts with: causes, procedure, benefits, drawbacks, research.
FIRST_FIVE = ("causes_", "procedure_", "benefits", "drawbacks", "research_", "effectiveness")


@dataclass(frozen=True)
class Verdict:
    """What became of one question."""

    identifier: str
    tier: str
    label: str  # the first of the row
    text: str
    outcome: str
    match: Match


def _labels() -> dict[str, list[str]]:
    data = yaml.safe_load((ROOT / "benchmarks" / "real_questions.yml").read_text(encoding="utf-8"))
    return {**data["labels"], "oos_near": data["also_covered"]}


def _serves(key: str, patterns: list[str]) -> bool:
    return any(fnmatch.fnmatchcase(key, pattern) for pattern in patterns)


def judge(match: Match, patterns: list[str]) -> str:
    """Return the outcome of one match."""
    if match.decision == "answer":
        if _serves(match.key, patterns):
            return "right"
        return "declined" if match.key.startswith("out_of_scope/") else "wrong"
    listed = [key for key, _ in match.ranking if key.partition("/")[0] not in CONTROL_TOPICS][:3]
    return (
        "offered" if match.decision == "offer" and any(_serves(k, patterns) for k in listed) else "declined"
    )


def verdicts(name: str) -> Iterator[Verdict]:
    """Judge every question of one file."""
    labels = _labels()
    for row in real_questions(name):
        patterns = [pattern for label in row["labels"].split("|") for pattern in labels.get(label, [])]
        match = trained_matcher().match(row["text"])
        tier = row["source"].partition(":")[0]
        yield Verdict(
            row["id"], tier, row["labels"].partition("|")[0], row["text"], judge(match, patterns), match
        )


def far_out_of_scope() -> tuple[int, int]:
    """Return (not answered, all) of the far-out-of-scope queries."""
    queries = (DATA / "clinc_oos" / "oos_dev.txt").read_text(encoding="utf-8").splitlines()
    matches = [trained_matcher().match(query) for query in queries if query.strip()]
    quiet = [m for m in matches if m.decision != "answer" or m.key.partition("/")[0] in CONTROL_TOPICS]
    return len(quiet), len(matches)


def table(found: list[Verdict]) -> list[str]:
    """Return the counts as Markdown rows: all, then by tier."""
    rows = []
    for tier in ("all", *sorted({v.tier for v in found})):
        chosen = [v for v in found if tier in ("all", v.tier)]
        counts = Counter(v.outcome for v in chosen)
        rows.append(f"| {tier} | {len(chosen)} | " + " | ".join(str(counts[o]) for o in OUTCOMES) + " |")
    return rows


def main() -> None:
    """Print the tables, with every question that was not answered right when asked to."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--show", action="store_true", help="list what was not answered right")
    arguments = parser.parse_args()
    head = "| tier | questions | " + " | ".join(OUTCOMES) + " |\n|---" * 1 + "|---" * 5 + "|"
    for name in ("in_domain", "oos_near"):
        found = list(verdicts(name))
        if not found:
            print(f"{name}: the development questions are not here; name their folder in REAL_QUESTIONS.")
            continue
        print(f"\n{name}\n\n{head}\n" + "\n".join(table(found)))
        if first := [v for v in found if v.label.startswith(FIRST_FIVE)]:
            print(f"\n{name}, the five first topics\n\n{head}\n" + "\n".join(table(first)))
        if arguments.show:
            for v in (v for v in found if v.outcome != "right"):
                print(f"{v.outcome:9}{v.match.confidence:.2f} {v.text[:90]} -> {v.match.ranking[0][0]}")
    quiet, asked = far_out_of_scope()
    print(f"\nfar out of scope: {quiet} of {asked} not answered")


if __name__ == "__main__":
    main()
