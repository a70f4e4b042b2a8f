"""From what was read, matched and learned to one verdict: which safety answer, or that it is no safety matter.

The signs and what was learned by example add up to the log odds that a message is in need: above 0 it gets help. The
weights are a logistic regression's on the tuning set of tests/safety, rounded (`python -m benchmarks.safety_weights`);
only the start and the signs' are heavier: in doubt it points to help.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hair_answers.nlu.safety_question import SAFETY
from hair_answers.nlu.safety_reader import Finding, Reading
from hair_answers.nlu.safety_rules import Rule
from hair_answers.nlu.safety_sense import Strengths

START = 0.3  # log odds of a message that nothing speaks for or against
WHOLE, LOUDEST = (
    0.9,
    0.1,
)  # what a learned log odd counts: of the whole message, of its most alarming sentence
UNREAD = 0.0  # learned log odds where the examples say nothing, as in another language: a sign is enough
# A reviewed sign stands in the message, or one of tier 0.
SIGNED, SIGNED_AT_ONCE = 0.5, 1.5
DENIED = -0.75  # a sign is denied ("I am not suicidal")
WEIGHTS = (WHOLE, LOUDEST, SIGNED, SIGNED_AT_ONCE, DENIED)
MATCHED = 1.8  # the matcher chose the safety answer too
ANSWERED = -4.0  # the matcher has an answer where a kind no would stand: "who offers PRP" is answered
DISMISSED = -2.5  # below it a single alarming word in a message that nothing understands is no red flag
NEAR = 0.5  # log odds by which a key may fall short of the one that fits best: the more urgent answers
SIGN = 3.0  # what a sign adds for its key when two keys of one tier are weighed
REASSURED = "safety/reassured"
CRISIS_OR_EMERGENCY = 0  # tier
DECLINING = "R19"  # rules that decline kindly what was asked for: a diagnosis, a dose, a ranking …


@dataclass(frozen=True)
class Verdict:
    """The rule that answers, or None; where its sign stands; and whether the matcher was not believed."""

    rule: Rule | None
    finding: Finding | None = None
    doubted: bool = False


@dataclass(frozen=True)
class Understanding:
    """What the matcher decided about the whole message."""

    ranking: Sequence[tuple[str, float]]  # best first
    confidence: float
    decision: str

    @property
    def key(self) -> str:
        """The winning key, empty when nothing was matched."""
        return self.ranking[0][0] if self.ranking else ""

    @property
    def answers_safety(self) -> bool:
        """Tell whether the matcher itself chose a safety answer."""
        return self.decision == "answer" and self.key.startswith(SAFETY)


def judge(
    reading: Reading,
    understood: Understanding,
    rules: dict[str, Rule],
    heard: Sequence[Strengths] = (),
) -> Verdict:
    """Return the verdict; `rules` holds the mildest rule of each safety key, `heard` what the examples say."""
    odds = log_odds(reading, heard)
    counting = [
        row
        for row in (*_signs(reading, heard), *_heard(reading, rules, heard))
        if odds + _matched(row[1].rule, understood) >= 0
    ]
    if counting:
        _, finding = max(counting, key=lambda row: (-row[1].rule.urgency, row[0]))
        return Verdict(finding.rule, finding)
    if understood.decision == "abstain" and reading.red_flags and odds >= DISMISSED:
        return Verdict(reading.red_flags[0])
    return Verdict(None, doubted=understood.answers_safety and understood.key != REASSURED)


def log_odds(reading: Reading, heard: Sequence[Strengths]) -> float:
    """Return how likely the message is in need: what speaks for it and against it, added up."""
    return START + sum(weight * said for weight, said in zip(WEIGHTS, evidence(reading, heard), strict=True))


def evidence(reading: Reading, heard: Sequence[Strengths]) -> tuple[float, ...]:
    """Return what WEIGHTS are for: learned log odds of the whole and of the loudest sentence, signs, a denial."""
    whole = max((unit.need for unit in heard if unit.sentence is None), default=UNREAD)
    loudest = _loudest(heard)
    at_once = any(finding.rule.tier == CRISIS_OR_EMERGENCY for finding in reading.findings)
    signed = bool(reading.findings) and not at_once
    return whole, whole if loudest is None else loudest, signed, at_once, bool(reading.denied)


def _matched(rule: Rule, understood: Understanding) -> float:
    """Return what the matcher's choice adds to the odds of a rule."""
    if understood.decision != "answer":
        return 0.0
    if understood.key == rule.key:
        return MATCHED
    return ANSWERED if rule.rule.startswith(DECLINING) and not understood.answers_safety else 0.0


def _signs(reading: Reading, heard: Sequence[Strengths]) -> Iterator[tuple[float, Finding]]:
    """Yield what the signs point to, with how strongly the message speaks for it."""
    for finding in reading.findings:
        yield SIGN + max((unit.by_key.get(finding.rule.key, 0.0) for unit in heard), default=0.0), finding


def _heard(
    reading: Reading, rules: dict[str, Rule], heard: Sequence[Strengths]
) -> Iterator[tuple[float, Finding]]:
    """Yield the keys that fit the message best, and those of its most alarming sentence where it alarms by itself."""
    for unit in heard:
        if unit.sentence is None:
            told: Sequence[int] = range(len(reading.text.sentences))
        elif unit.need >= 0 and unit.need == _loudest(heard):
            told = (unit.sentence,)
        else:
            continue
        pieces = frozenset(piece for i in told for piece in reading.pieces_of(i))
        best = max(unit.by_key.values(), default=0.0)
        for key, odds in unit.by_key.items():
            if key in rules and odds >= best - NEAR:
                yield odds, Finding(rules[key], pieces)


def _loudest(heard: Sequence[Strengths]) -> float | None:
    """Return the need of the most alarming sentence, None of a message that is one."""
    return max((unit.need for unit in heard if unit.sentence is not None), default=None)
