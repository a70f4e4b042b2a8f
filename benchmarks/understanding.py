"""How well the bot understands: `python -m benchmarks.understanding` writes docs/understanding.md and its figures.

Minutes, most of them for HINT3. The development questions enter when they are at hand (REAL_QUESTIONS names their
folder); no line of them is quoted. Rasa's default pipeline stands beside when it was trained on the same data
(`python -m benchmarks.stock`).
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from benchmarks import cross_validation, hint3, plots, real_questions, stock, typos
from benchmarks.cross_validation import CrossValidation
from benchmarks.sources import ROOT, own_phrases, trained_matcher
from benchmarks.sources import real_questions as question_rows
from hair_answers.nlu.matcher import Match

REPORT = ROOT / "docs" / "understanding.md"
FIGURES = ROOT / "docs" / "figures"
TIERS = "| tier | questions | right | right or offered | declined | wrong |\n|---|---|---|---|---|---|"
FALLBACK = "nlu_fallback"

OWN_DATA = """## Our own phrases, each as if never seen

Every phrase left out with a tenth of the others, and every answer left out with those that serve its questions
(unknown questions: nothing should be answered). Shares are of the questions that curated answers exist for.
Thresholds, chosen on training data only: answer from {answer_from:.2f}, offer from {offer_from:.2f}.
"""
FIGURE_LINES = """
![Wrong answers against answered questions](figures/risk-coverage.png)

![Said against seen probability](figures/reliability.png)

![Answers most often mixed up](figures/confusions.png)

By topic, by the topic of the answer that came first:
"""
SLIPS = """
## One typing slip in every message

{messages} phrases of a held-out tenth, asked of a matcher fitted on the others: two letters swapped, one lost, one
doubled, one hit beside, or a space lost.
"""
PEOPLE = """
## Real people's questions, and questions about something else
"""
NOT_AT_HAND = "The development questions were not at hand for this run."
AT_HAND = """Written by people on the web, never in the training data. Right: the answer given serves the
question; offered: a did-you-mean lists one that does; declined: neither; wrong: another answer. The first table
is of questions about hair loss and the therapy; the second of near questions that no answer exists for (other
uses of stem cells, doses, other diseases), where everything but *wrong* is as it should be."""
OTHER_BOTS = """## Beside published systems: HINT3 v1

Three real bots, full and subset training data, real people's queries (Arora et al. 2020), mean of the six sets:
accuracy in scope without a threshold, AUROC of in-scope against out-of-scope, MCC at the best threshold. The
five systems' predictions are those the authors published; ours are made here by the same component.
"""
DEFAULT_PIPELINE = """
## Beside Rasa's default pipeline, on the same phrases
"""
NOT_TRAINED = "It was not trained on this data: `make setup STOCK=1`, then `python -m benchmarks.stock`."
TRAINED = """All are trained on nine tenths of our phrases and asked the same {count} of the other tenth, and
the in-domain development questions (when at hand) by the rule above. A stock bot offers nothing: it answers or
falls back. A full training of a stock pipeline is {epochs} epochs.
"""


def _data_line() -> str:
    phrases = own_phrases()
    topics = {key.partition("/")[0] for key, _ in phrases}
    return f"{len(phrases)} phrases for {len({key for key, _ in phrases})} answers of {len(topics)} topics"


def own_data(found: CrossValidation) -> Iterator[str]:
    """Yield the section on our own phrases."""
    plots.risk_coverage(found, FIGURES / "risk-coverage.png")
    plots.reliability(found, FIGURES / "reliability.png")
    plots.confusions(found, FIGURES / "confusions.png")
    yield OWN_DATA.format(answer_from=found.answer_from, offer_from=found.offer_from)
    yield from cross_validation.summary_table(found)
    yield FIGURE_LINES
    yield from cross_validation.topic_table(found)


def slips() -> Iterator[str]:
    """Yield the section on typing slips."""
    found = typos.measure()
    yield SLIPS.format(messages=found.messages)
    yield from typos.table(found)


def tiers(name: str, judged: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Yield a table of (tier, outcome) rows: all, then by tier."""
    yield f"\n{name}:\n"
    yield TIERS
    for tier in ("all", *sorted({tier for tier, _ in judged})):
        outcomes = Counter(outcome for own, outcome in judged if tier in ("all", own))
        n = outcomes.total()
        shares = (
            outcomes["right"],
            outcomes["right"] + outcomes["offered"],
            outcomes["declined"],
            outcomes["wrong"],
        )
        yield f"| {tier} | {n} | " + " | ".join(f"{share / n:.1%}" for share in shares) + " |"


def judged_questions(name: str, match: Callable[[str], Match]) -> list[tuple[str, str]]:
    """Return (tier, outcome) of every development question of one file."""
    labels = real_questions._labels()
    judged = []
    for row in question_rows(name):
        patterns = [pattern for label in row["labels"].split("|") for pattern in labels.get(label, [])]
        judged.append((row["source"].partition(":")[0], real_questions.judge(match(row["text"]), patterns)))
    return judged


def people() -> Iterator[str]:
    """Yield the section on real people's questions and on questions about something else."""
    yield PEOPLE
    if question_rows("in_domain"):
        yield AT_HAND
        match = trained_matcher().match
        yield from tiers("In-domain questions", judged_questions("in_domain", match))
        yield from tiers("Near out of scope", judged_questions("oos_near", match))
    else:
        yield NOT_AT_HAND
    quiet, asked = real_questions.far_out_of_scope()
    yield f"\nFar out of scope (CLINC150's queries): {quiet} of {asked} not answered ({quiet / asked:.1%}).\n"


def other_bots() -> Iterator[str]:
    """Yield the section on HINT3."""
    results = hint3.compare()
    yield OTHER_BOTS
    yield from hint3.mean_table(results)
    yield ""
    yield from hint3.worst_sets(results)


def stock_match(variant: stock.Variant, texts: Sequence[str]) -> dict[str, Match]:
    """Return what a stock model makes of the texts: its one answer, or its fallback."""
    from benchmarks.speed import Side, parse

    side = Side(variant.title, stock.PYTHON, variant.folder, variant.model, dict(stock.ENVIRONMENT))
    matches = {}
    for row in parse(side, texts):
        key, confidence = str(row["key"]).replace(stock.FLAT, "/"), float(str(row["confidence"]))
        decision = "abstain" if row["intent"] == FALLBACK else "answer"
        matches[str(row["text"])] = Match(((key, confidence),), confidence, decision)
    return matches


def default_pipeline() -> Iterator[str]:
    """Yield the section on Rasa's own pipelines, trained on the same phrases."""
    yield DEFAULT_PIPELINE
    trained = [(v, t) for v in stock.VARIANTS if (t := stock.earlier_training(v))]
    if not trained:
        yield NOT_TRAINED
        return
    matcher, asked = typos.held_out_matcher()
    questions = [row["text"] for row in question_rows("in_domain")]
    yield TRAINED.format(count=len(asked), epochs=stock.EPOCHS)
    yield "| system | held-out phrases: own answer first | real questions: right | right or offered | wrong |"
    yield "|---|---|---|---|---|"
    yield _system_row("Hair Answers", matcher.match, asked, bool(questions))
    for variant, training in trained:
        found = stock_match(variant, [*(phrase for _, phrase in asked), *questions])
        yield _system_row(
            f"{variant.title}, {training.epochs} epochs", found.__getitem__, asked, bool(questions)
        )


def _system_row(
    name: str, match: Callable[[str], Match], asked: Sequence[tuple[str, str]], with_questions: bool
) -> str:
    right = sum(match(phrase).key == key for key, phrase in asked) / len(asked)
    if not with_questions:
        return f"| {name} | {right:.3f} | – | – | – |"
    outcomes = Counter(outcome for _, outcome in judged_questions("in_domain", match))
    n = outcomes.total()
    offered = outcomes["right"] + outcomes["offered"]
    return f"| {name} | {right:.3f} | {outcomes['right'] / n:.1%} | {offered / n:.1%} | {outcomes['wrong'] / n:.1%} |"


def report(command: str) -> str:
    """Measure everything and return docs/understanding.md."""
    found = cross_validation.cross_validate(trained_matcher())
    lines = [
        "# How well the bot understands",
        "",
        f"Measured {time.strftime('%Y-%m-%d')} with `{command}`: {_data_line()}.",
        "",
    ]
    for section in (own_data(found), slips(), people(), other_bots(), default_pipeline()):
        lines += section
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print and write the report."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    text = report(" ".join(["python -m benchmarks.understanding", *sys.argv[1:]]))
    REPORT.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
