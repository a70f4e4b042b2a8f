"""Right, offered, declined and wrong on our own test questions: `python -m benchmarks.own_questions [--show]`.

benchmarks/own_questions.tsv holds questions written as people type them, before their writer read the phrases, and
never trained on. `keys` are the answers that serve, as patterns; `oos_near` is a question near the subject that the bot
should not answer with one of its answers, unless a curated answer covers it (benchmarks/real_questions.yml).
A follow-up asked with nothing before it counts as the answer that the conversation gives it.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from benchmarks import real_questions
from benchmarks.real_questions import OUTCOMES, Verdict, judge
from benchmarks.sources import ROOT, trained_matcher
from hair_answers.knowledge.follow_ups import rules
from hair_answers.nlu.matcher import Match

QUESTIONS = ROOT / "benchmarks" / "own_questions.tsv"
NEAR = "oos_near"
KINDS = ("in domain", "near out of scope")


def questions() -> list[dict[str, str]]:
    """Return the rows of the test set: keys (patterns between bars) and text."""
    with QUESTIONS.open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def said(match: Match) -> Match:
    """Return the match with the answer that a follow-up without a conversation gets."""
    topic, _, kind = match.key.partition("/")
    default = rules()["kinds"].get(kind, {}).get("default") if topic == "follow_up" else None
    if default is None:
        return match
    return replace(match, ranking=((default, match.confidence), *match.ranking[1:]))


def verdicts() -> Iterator[Verdict]:
    """Judge every question."""
    covered = real_questions._labels()[NEAR]
    for number, row in enumerate(questions(), 1):
        near = row["keys"] == NEAR
        match = said(trained_matcher().match(row["text"]))
        outcome = judge(match, covered if near else row["keys"].split("|"))
        yield Verdict(str(number), KINDS[near], row["keys"], row["text"], outcome, match)


def main() -> None:
    """Print the table, with every question that was not answered right when asked to."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--show", action="store_true", help="list what was not answered right")
    arguments = parser.parse_args()
    found = list(verdicts())
    print("| kind | questions | " + " | ".join(OUTCOMES) + " |\n|---|---|---|---|---|---|")
    for kind in KINDS:
        chosen = [verdict for verdict in found if verdict.tier == kind]
        counts = Counter(verdict.outcome for verdict in chosen)
        print(
            f"| {kind} | {len(chosen)} | " + " | ".join(str(counts[outcome]) for outcome in OUTCOMES) + " |"
        )
    if arguments.show:
        for v in (v for v in found if v.outcome != "right"):
            print(f"{v.outcome:9}{v.match.confidence:.2f} {v.text[:90]} -> {v.match.key}")


if __name__ == "__main__":
    main()
