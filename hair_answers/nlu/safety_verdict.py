"""From what was read, matched and learned to one verdict: which safety answer, or that it is no safety matter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hair_answers.nlu.safety_question import SAFETY
from hair_answers.nlu.safety_reader import Finding, Reading
from hair_answers.nlu.safety_rules import Rule
from hair_answers.nlu.safety_sense import Strengths

# Strengths from which a key counts, chosen on the tuning set of tests/safety alone:
# `python -m benchmarks.safety --set tuning` measures them.
HEARD, HEARD_IN_A_SENTENCE = 0.1, 0.5  # learned by example: from the whole message, from one sentence of it
HEARD_AT_ONCE, HEARD_AT_ONCE_IN_A_SENTENCE = -0.1, 0.2  # the same at tier 0: in doubt it points to help
DECLINED = 0.4  # the same for a kind no where the matcher has an answer: "who offers PRP" is answered
DENIED = 0.3  # more, where its sign is denied ("I am not suicidal")
MATCHED = 0.0  # the matcher chose the key too
SIGNED = -0.2  # a reviewed sign stands in the message; at tier 0 a sign needs no more
DISMISSED = -0.8  # below it a single alarming word in a message that nothing understands is no red flag
SIGN = 1.0  # what a sign adds when two keys of one tier are weighed
REASSURED = "safety/reassured"
CRISIS_OR_EMERGENCY = 0  # tier
DECLINING = "R19"


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

    @property
    def answers_otherwise(self) -> bool:
        """Tell whether the matcher has something to say that is no safety answer."""
        return self.decision == "answer" and not self.key.startswith(SAFETY)


def judge(
    reading: Reading,
    understood: Understanding,
    rules: dict[str, Rule],
    heard: Sequence[Strengths] = (),
) -> Verdict:
    """Return the verdict; `rules` holds the mildest rule of each safety key."""
    counting = [
        *_signs(reading, understood, heard),
        *_heard(reading, understood, rules, heard),
    ]
    if counting:
        _, finding = max(counting, key=lambda row: (-row[1].rule.urgency, row[0]))
        return Verdict(finding.rule, finding)
    if understood.decision == "abstain":
        flags = [rule for rule in reading.red_flags if _strength(rule, heard) >= DISMISSED]
        if flags:
            return Verdict(flags[0])
    return Verdict(None, doubted=understood.answers_safety and understood.key != REASSURED)


def _signs(
    reading: Reading, understood: Understanding, heard: Sequence[Strengths]
) -> Iterator[tuple[float, Finding]]:
    """Yield the signs that count, with their weight: what was learned may only call a milder one harmless."""
    for finding in reading.findings:
        rule = finding.rule
        strength = _strength(rule, heard)
        needed = DECLINED if _declines(rule) and understood.answers_otherwise else SIGNED
        if rule.tier == CRISIS_OR_EMERGENCY or strength >= needed:
            yield strength + SIGN, finding


def _heard(
    reading: Reading, understood: Understanding, rules: dict[str, Rule], heard: Sequence[Strengths]
) -> Iterator[tuple[float, Finding]]:
    """Yield the keys that what was learned by example speaks for clearly enough."""
    for unit in heard:
        told = range(len(reading.text.sentences)) if unit.sentence is None else (unit.sentence,)
        pieces = frozenset(piece for i in told for piece in reading.pieces_of(i))
        whole = unit.sentence is None
        for key, strength in unit.by_key.items():
            if key in rules and strength >= _needed(rules[key], reading, understood, whole):
                yield strength, Finding(rules[key], pieces)


def _declines(rule: Rule) -> bool:
    """Tell the rules that decline kindly what was asked for: a diagnosis, a dose, a ranking …"""
    return rule.rule.startswith(DECLINING)


def _strength(rule: Rule, heard: Sequence[Strengths]) -> float:
    """Return how strongly the message or a sentence of it speaks for the rule; unheard, a sign just counts."""
    return max((unit.by_key.get(rule.key, SIGNED) for unit in heard), default=SIGNED)


def _needed(rule: Rule, reading: Reading, understood: Understanding, whole: bool) -> float:
    """Return the strength from which a key counts without a sign of its own."""
    if rule.tier == CRISIS_OR_EMERGENCY:
        needed = HEARD_AT_ONCE if whole else HEARD_AT_ONCE_IN_A_SENTENCE
    else:
        needed = HEARD if whole else HEARD_IN_A_SENTENCE
    if understood.answers_safety and understood.key == rule.key:
        needed = min(needed, MATCHED)
    elif _declines(rule) and understood.answers_otherwise:
        needed = max(needed, DECLINED)
    return needed + (DENIED if rule in reading.denied else 0.0)
