"""Finds the reviewed signs in a message: the words, whether they are meant, and which rule is the most urgent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hair_answers.nlu import safety_text
from hair_answers.nlu.safety_rules import Part, Pattern, Rule, SafetyRules, Slot, Words
from hair_answers.nlu.safety_text import SafetyText, SafetyWords

REACH = 5  # words that may stand between two slots of one part
WINDOW = 40  # words within which all parts of a sign must stand
NEGATION_REACH = 3  # words before a sign
NOT_DENIED_BY = frozenset(
    {"stop", "stopping", "stops", "stopped", "only"}
)  # "can not stop shaking" is no denial
CLOSE_NEGATIONS = frozenset({"no", "without"})  # these deny only what follows at once

Span = tuple[int, int]  # first word, one past the last


@dataclass(frozen=True)
class Finding:
    """A rule that fired, and the pieces of the message (by number) its sign stands in."""

    rule: Rule
    pieces: frozenset[int]


@dataclass(frozen=True)
class Reading:
    """What one message says: findings, most urgent first, and what was found but denied."""

    text: SafetyText
    findings: tuple[Finding, ...]
    denied: tuple[Rule, ...]
    red_flags: tuple[Rule, ...]  # rules of which only a single alarming word was found

    @property
    def is_alarming(self) -> bool:
        """Tell a message with any sign, denied or not, or a single alarming word."""
        return bool(self.findings or self.denied or self.red_flags)

    def rest(self, finding: Finding) -> tuple[str, ...]:
        """Return the pieces of the message the finding does not stand in."""
        return tuple(piece for i, piece in enumerate(self.text.pieces) if i not in finding.pieces)

    def pieces_of(self, sentence: int) -> frozenset[int]:
        """Return the pieces (by number) of a sentence."""
        places = zip(self.text.sentence_of, self.text.piece_of, strict=True)
        return frozenset(piece for number, piece in places if number == sentence)


class SafetyReader:
    """Reads any text; holds every word sequence of every sign by its words.

    A plain dictionary: spaCy's PhraseMatcher finds the same and takes 40 MB and half a second more.
    """

    def __init__(self, rules: SafetyRules, known: Iterable[str] = ()) -> None:
        """`known` are words of the curated phrases: never taken for a slip."""
        self._rules = rules
        self._vocabulary = SafetyWords(
            rules.words() | rules.negations, rules.rewrites, rules.small_words, known
        )
        self._slots: dict[Words, list[Slot]] = {}
        for slot in set(rules.slots()):
            for words in slot:
                self._slots.setdefault(words, []).append(slot)
        self._longest = max(map(len, self._slots), default=0)
        self._begun: dict[Slot, list[int]] = {}  # the parts (by identity) that may begin with a slot
        for part in rules.parts():
            for slot in {pattern[0] for pattern in part}:
                self._begun.setdefault(slot, []).append(id(part))

    def read(self, message: str) -> Reading:
        """Return every rule that `message` fires."""
        text = safety_text.read(message, self._vocabulary)
        hits = self._hits(text)
        begun = {part for slot in hits for part in self._begun.get(slot, ())}
        return _MessageReading(text, hits, begun, self._rules).reading()

    def _hits(self, text: SafetyText) -> dict[Slot, list[Span]]:
        hits: dict[Slot, list[Span]] = {}
        for start in range(len(text.words)):
            for end in range(start + 1, min(start + self._longest, len(text.words)) + 1):
                for slot in self._slots.get(text.words[start:end], ()):
                    hits.setdefault(slot, []).append((start, end))
        return hits


class _MessageReading:
    """One message's work: spans are looked up once."""

    def __init__(
        self, text: SafetyText, hits: dict[Slot, list[Span]], begun: set[int], rules: SafetyRules
    ) -> None:
        """`begun`: the parts whose first words stand in the message; of some thousand, a handful."""
        self._text, self._hits, self._begun, self._rules = text, hits, begun, rules
        self._part_spans: dict[int, list[Span]] = {}
        harmless = self._spans(rules.not_meant)
        if harmless:
            self._hits = {
                slot: [s for s in spans if not any(h[0] <= s[0] and s[1] <= h[1] for h in harmless)]
                for slot, spans in hits.items()
            }
            self._part_spans.clear()
        self._general: dict[Span, bool] = {}
        self._someone = any(_any(rules.someone, sentence) for sentence in text.sentences)

    def reading(self) -> Reading:
        findings, denied, red_flags = [], [], []
        for rule in self._rules.rules:
            if any(self._spans(part) for part in rule.unless) or (rule.about_someone and not self._someone):
                continue
            outcome = self._try(rule)
            if isinstance(outcome, frozenset):
                findings.append(Finding(rule, outcome))
            elif outcome:
                denied.append(rule)
            if any(not self._is_negated(span) for span in self._spans(rule.red_flags)):
                red_flags.append(rule)
        return Reading(self._text, tuple(findings), tuple(denied), tuple(red_flags))

    def _try(self, rule: Rule) -> frozenset[int] | bool:
        """Return the pieces of the first sign that is meant; else True when one was found but denied."""
        found_denied = False
        for sign in rule.signs:
            if id(sign[0]) not in self._begun or not all(self._spans(part) for part in sign):
                continue
            spans = [self._spans(part) for part in sign]
            # The last part is what a sign asserts; those before it set the scene.
            asserted = [span for span in _tightest(spans[-1]) if not self._is_negated(span)]
            if not asserted:
                found_denied = True
                continue
            meant = [*spans[:-1], asserted]
            if not self._is_reported(rule, meant) or not _within_window(meant):
                continue
            return frozenset(
                self._text.piece_of[i]
                for places in meant
                for start, end in places[:1]
                for i in range(start, end)
            )
        return found_denied

    # Places ---------------------------------------------------------------------------------------------------

    def _spans(self, part: Part) -> list[Span]:
        name = id(part)  # the rules outlive the message; hashing a part reads all of it
        if name not in self._begun:
            return []
        if name not in self._part_spans:
            begun = (pattern for pattern in part if pattern[0] in self._hits)
            self._part_spans[name] = [span for pattern in begun for span in self._chain(pattern)]
        return self._part_spans[name]

    def _chain(self, pattern: Pattern) -> Iterator[Span]:
        """Yield spans in which all slots follow one another within REACH."""
        reached = self._hits.get(pattern[0], [])
        for slot in pattern[1:]:
            following = self._hits.get(slot)
            if not reached or not following:
                return
            reached = [(start, b) for start, end in reached for a, b in following if end <= a <= end + REACH]
        for start, end in reached:
            if self._text.sentence_of[start] == self._text.sentence_of[end - 1]:
                yield start, end

    def _is_negated(self, span: Span) -> bool:
        """Tell whether a negation stands shortly before the span in the same clause."""
        start = span[0]
        for i in range(max(0, start - NEGATION_REACH), start):
            word = self._text.words[i]
            if word not in self._rules.negations or self._text.clause_of[i] != self._text.clause_of[start]:
                continue
            if NOT_DENIED_BY.intersection(self._text.words[i + 1 : start]):
                continue
            if word not in CLOSE_NEGATIONS or start - i <= 2 or "or" in self._text.words[i:start]:
                return True  # "no fever or chills" denies both
        return False

    # Sentences ------------------------------------------------------------------------------------------------

    def _is_reported(self, rule: Rule, meant: list[list[Span]]) -> bool:
        """Tell a report from a general question and from history: one part in a reporting piece is enough."""
        if rule.present_only:
            last = {self._text.sentence_of[start] for start, _ in meant[-1]}
            if all(_any(self._rules.history, self._text.sentences[s]) for s in last):
                return False
        places = {(self._text.sentence_of[s], self._text.piece_of[s]) for spans in meant for s, _ in spans}
        return rule.in_questions or not all(self._is_general(*place) for place in places)

    def _is_general(self, sentence: int, piece: int) -> bool:
        """Tell a general question: its sentence asks and does not tell, and neither does this piece of it."""
        if (sentence, piece) not in self._general:
            whole, part = self._text.sentences[sentence], self._text.spoken_pieces[piece]
            only_asks, tells = self._rules.only_asking, self._rules.telling
            asks = _any(only_asks, whole) or (_any(self._rules.asking, whole) and not _any(tells, whole))
            self._general[sentence, piece] = asks and (
                part == whole or _any(only_asks, part) or not _any(tells, part)
            )
        return self._general[sentence, piece]


def _tightest(spans: list[Span]) -> list[Span]:
    """Return of all spans with one end the shortest: "have never had cancer" is judged by its "had cancer"."""
    return list({end: (start, end) for start, end in sorted(spans)}.values())


def _any(expressions: tuple[re.Pattern[str], ...], words: str) -> bool:
    return any(expression.search(words) for expression in expressions)


def _within_window(meant: list[list[Span]]) -> bool:
    """Tell whether some choice of one span a part fits into the window: the spread around the last part's spans."""
    return any(
        all(any(abs(start - anchor) <= WINDOW for start, _ in places) for places in meant[:-1])
        for anchor, _ in meant[-1]
    )
