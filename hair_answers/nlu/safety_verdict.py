"""From what was read, matched and meant to one verdict: which safety answer, or that it is no safety matter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hair_answers.nlu.matcher import CONTROL_TOPICS
from hair_answers.nlu.safety_meaning import SAFETY, Nearness
from hair_answers.nlu.safety_reader import Finding, Reading
from hair_answers.nlu.safety_rules import TIERS, Rule
from hair_answers.nlu.safety_sense import Alarm

# Chosen on the tuning set of tests/safety and on held-out phrases alone:
# `python -m benchmarks.safety --set tuning` measures them.
SURE = 0.9  # confidence from which the matcher's answer outweighs a mild sign in a message about nobody
NEAR_ENOUGH = 0.6  # cosine to a safety phrase from which meaning alone may decide
MARGIN = 0.1  # cosine by which the safety phrase must be nearer than any other
PLAUSIBLE = -0.03  # the margin below which a safety answer of the matcher is not believed
LIKELY = 0.5  # likelihood from which what was learned by example raises an alarm; in doubt it points to help
LIKELY_AGAINST = 0.75  # the same where a milder sign or the matcher says otherwise
LIKELY_IN_QUESTIONS = 0.85  # the same in a question, for rules that count in questions
REASSURED = "safety/reassured"
URGENT = TIERS.index(1)  # up to this urgency a sign always wins


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
    def answers_question(self) -> bool:
        """Tell whether the matcher answers with a curated answer that is no safety answer."""
        return self.decision == "answer" and not self.key.startswith(SAFETY) and not self.is_control

    @property
    def is_control(self) -> bool:
        """Tell small talk, follow-ups and the like."""
        return self.key.partition("/")[0] in CONTROL_TOPICS


def judge(
    reading: Reading,
    understood: Understanding,
    near: Nearness | None,
    rules: dict[str, Rule],
    alarms: Sequence[Alarm] = (),
) -> Verdict:
    """Return the verdict; `rules` holds the mildest rule of each safety key."""
    found = reading.findings[0] if reading.findings else None
    if sensed := _sensed(found, reading, understood, rules, alarms):
        return Verdict(sensed.rule, sensed)
    if found and _outweighs(found.rule, reading, understood):
        return Verdict(found.rule, found)
    if understood.answers_safety and understood.key != REASSURED:
        return _believe(rules[understood.key], understood.confidence, found, reading, near)
    if understood.decision != "answer" and near is not None:
        alarming = near.safety >= NEAR_ENOUGH and near.margin >= MARGIN and reading.is_personal
        if alarming and near.key in rules and rules[near.key] not in reading.denied:
            return Verdict(rules[near.key])
        if understood.decision == "abstain" and reading.red_flags:
            return Verdict(reading.red_flags[0])
    return Verdict(None)


def _sensed(
    found: Finding | None,
    reading: Reading,
    understood: Understanding,
    rules: dict[str, Rule],
    alarms: Sequence[Alarm],
) -> Finding | None:
    """Return the likeliest alarm that is more urgent than the sign found and is neither denied nor only asked about."""
    for alarm in sorted(alarms, key=lambda alarm: -alarm.likelihood):
        rule = rules[alarm.key]
        if rule in reading.denied or (found and found.rule.urgency <= rule.urgency):
            continue
        needed = (
            LIKELY_AGAINST
            if understood.answers_question or (found and found.rule.tier != "support")
            else LIKELY
        )
        reports = reading.reports if alarm.sentence is None else (reading.reports[alarm.sentence],)
        if not any(reports):
            needed = LIKELY_IN_QUESTIONS if rule.in_questions else 1.0
        if alarm.likelihood >= needed:
            told = range(len(reading.reports)) if alarm.sentence is None else (alarm.sentence,)
            return Finding(rule, frozenset(piece for i in told for piece in reading.pieces_of(i)))
    return None


def _believe(
    rule: Rule, confidence: float, found: Finding | None, reading: Reading, near: Nearness | None
) -> Verdict:
    """Weigh the matcher's own safety answer against sign, denial, meaning and general questions."""
    if found and found.rule.urgency <= rule.urgency:
        return Verdict(found.rule, found)
    implausible = near is not None and near.margin < PLAUSIBLE
    if rule.tier != 0 and not (reading.is_personal or any(reading.reports)):
        # "What causes sudden hair loss" is about nobody: it takes a rule that counts in questions, or certainty.
        implausible |= not rule.in_questions or (rule.tier == "support" and confidence < SURE)
    if not implausible and rule not in reading.denied:
        return Verdict(rule)
    return Verdict(found.rule, found) if found else Verdict(None, doubted=True)


def _outweighs(rule: Rule, reading: Reading, understood: Understanding) -> bool:
    """Tell whether a sign outweighs the matcher's own answer."""
    if rule.urgency <= URGENT:
        return True
    if understood.answers_safety:
        return False  # both say safety: the more urgent is chosen later
    if rule.tier == "support":
        return not understood.answers_question
    return reading.is_personal or not (understood.decision == "answer" and understood.confidence >= SURE)
