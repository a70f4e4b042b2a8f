"""The reviewed rules of evidence/safety.yml, compiled: which words make a sign, which sign makes a rule."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any

import yaml

PATH = Path(__file__).parents[2] / "evidence" / "safety.yml"
TIERS: tuple[int | str, ...] = (0, 1, 2, 3, "support")  # most urgent first
GAP = "..."
LARGEST_SLOT = 20_000  # word sequences one run of words may stand for
_PART = re.compile(r"\s\+\s")
_ITEM = re.compile(r"\s*(\.\.\.|<\w+>|[()|]|[^\s()|<>]+)")

Words = tuple[str, ...]
Slot = frozenset[Words]  # word sequences that may stand at one place
Pattern = tuple[Slot, ...]  # slots in order, each within reach of the one before
Part = tuple[Pattern, ...]  # patterns of which one must be found


class SafetyRuleError(ValueError):
    """A rule that cannot be read: names the rule, the text found and the cure."""


@dataclass(frozen=True)
class Rule:
    """One row of the clinical rules: any of its signs, found and meant, fires it."""

    rule: str
    name: str
    key: str
    tier: int | str
    signs: tuple[tuple[Part, ...], ...]
    unless: tuple[Part, ...]
    red_flags: Part
    in_questions: bool
    present_only: bool
    about_someone: bool

    @property
    def urgency(self) -> int:
        """Place among the tiers: 0 is the most urgent."""
        return TIERS.index(self.tier)


@dataclass(frozen=True)
class SafetyRules:
    """Everything evidence/safety.yml says."""

    rules: tuple[Rule, ...]
    not_meant: Part
    rewrites: dict[str, str]
    small_words: frozenset[str]
    negations: frozenset[str]
    asking: tuple[re.Pattern[str], ...]
    only_asking: tuple[re.Pattern[str], ...]
    telling: tuple[re.Pattern[str], ...]
    history: tuple[re.Pattern[str], ...]
    someone: tuple[re.Pattern[str], ...]

    def parts(self) -> Iterator[Part]:
        """Yield every part of every sign, exception and red flag, and the harmless phrases."""
        for rule in self.rules:
            yield from (part for sign in rule.signs for part in sign)
            yield from rule.unless
            yield rule.red_flags
        yield self.not_meant

    def slots(self) -> Iterator[Slot]:
        """Yield every slot of every part."""
        return (slot for part in self.parts() for pattern in part for slot in pattern)

    def words(self) -> set[str]:
        """Return every word the signs are made of."""
        return {word for slot in self.slots() for words in slot for word in words}


class _Reader:
    """Turns written signs into patterns; lists are read once."""

    def __init__(
        self, lists: dict[str, list[str]], small_words: frozenset[str], rewrites: dict[str, str]
    ) -> None:
        self._lists, self._small_words, self._rewrites = lists, small_words, rewrites
        self._read_lists: dict[str, Part] = {}

    def part(self, text: str) -> Part:
        """Read one part of a sign, e.g. "after ... <procedure>"."""
        items = _ITEM.findall(text)
        patterns, rest = self._alternatives(items, text)
        if rest:
            raise SafetyRuleError(f'found "{text}" with a stray "{rest[0]}". Cure: close every bracket once.')
        return _merged(patterns)

    def _alternatives(self, items: list[str], text: str) -> tuple[list[Pattern], list[str]]:
        """Read alternatives up to a closing bracket or the end."""
        found: list[Pattern] = []
        current: list[Pattern] = [(frozenset({()}),)]
        while items:
            item, items = items[0], items[1:]
            if item == ")":
                return found + current, [")", *items]
            if item == "|":
                found, current = found + current, [(frozenset({()}),)]
            elif item == "(":
                inner, items = self._alternatives(items, text)
                if not items:
                    raise SafetyRuleError(f'found "{text}" with an open bracket. Cure: close it.')
                items = items[1:]
                current = _joined(current, _merged(inner))
            elif item == GAP:
                current = [(*pattern, frozenset({()})) for pattern in current]
            elif item.startswith("<"):
                current = _joined(current, self._list(item[1:-1], text))
            else:
                current = _joined(current, [(frozenset({self._plain(item)}),)])
        return found + current, []

    def _plain(self, word: str) -> Words:
        lower = word.lower()
        return tuple(w for w in self._rewrites.get(lower, lower).split() if w not in self._small_words)

    def _list(self, name: str, text: str) -> Part:
        if name not in self._lists:
            raise SafetyRuleError(
                f'found "<{name}>" in "{text}", but no such list. Cure: add it under `lists`.'
            )
        if name not in self._read_lists:
            self._read_lists[name] = _merged(
                [p for entry in self._lists[name] for p in self.part(str(entry))]
            )
        return self._read_lists[name]


def _joined(left: Sequence[Pattern], right: Sequence[Pattern]) -> list[Pattern]:
    """Put every right pattern directly behind every left one."""
    joined = []
    for before, after in product(left, right):
        slot = frozenset(a + b for a in before[-1] for b in after[0])
        if len(slot) > LARGEST_SLOT:
            raise SafetyRuleError(f"a sign stands for {len(slot)} phrases. Cure: put ... between its lists.")
        joined.append((*before[:-1], slot, *after[1:]))
    return joined


def _merged(patterns: Sequence[Pattern]) -> Part:
    """Fold all one-slot patterns into one, and drop empty sequences next to a gap."""
    single = frozenset(words for pattern in patterns if len(pattern) == 1 for words in pattern[0])
    folded: Part = ((single,),) if single else ()
    return (*folded, *(pattern for pattern in patterns if len(pattern) > 1))


def _checked(part: Part, rule: str, text: str) -> Part:
    """Raise SafetyRuleError when a sign could be found in any message."""
    for pattern in part:
        if any(() in slot for slot in pattern):
            raise SafetyRuleError(
                f'{rule}: found "{text}", which small words alone fulfil. Cure: name a real word.'
            )
    return part


def _expressions(lines: list[str]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(line) for line in lines)


def parse(data: dict[str, Any]) -> SafetyRules:
    """Compile the content of evidence/safety.yml, or raise SafetyRuleError."""
    small_words = frozenset(data["small_words"])
    rewrites = {str(word): str(plain) for word, plain in data["rewrites"].items()}
    reader = _Reader(data["lists"], small_words, rewrites)

    def part(text: str, rule: str) -> Part:
        return _checked(reader.part(text), rule, text)

    rules = []
    for row in data["rules"]:
        if row["tier"] not in TIERS:
            raise SafetyRuleError(f"{row['rule']}: found tier {row['tier']!r}. Cure: use one of {TIERS}.")
        rules.append(
            Rule(
                rule=row["rule"],
                name=row["name"],
                key=row["key"],
                tier=row["tier"],
                signs=tuple(
                    tuple(part(text, row["rule"]) for text in _PART.split(sign)) for sign in row["signs"]
                ),
                unless=tuple(part(text, row["rule"]) for text in row.get("unless", ())),
                red_flags=part(row["red_flags"], row["rule"]) if "red_flags" in row else (),
                in_questions=bool(row.get("in_questions", False)),
                present_only=bool(row.get("present_only", False)),
                about_someone=bool(row.get("about_someone", False)),
            )
        )
    rules.sort(key=lambda rule: rule.urgency)  # stable: the file's order decides within a tier
    return SafetyRules(
        rules=tuple(rules),
        not_meant=tuple(pattern for text in data["not_meant"] for pattern in part(text, "not_meant")),
        rewrites=rewrites,
        small_words=small_words,
        negations=frozenset(data["negations"]),
        asking=_expressions(data["asking"]),
        only_asking=_expressions(data["only_asking"]),
        telling=_expressions(data["telling"]),
        history=_expressions(data["history"]),
        someone=_expressions(data["someone"]),
    )


@lru_cache(maxsize=1)
def load(path: Path = PATH) -> SafetyRules:
    """Read the project's rules once a process."""
    return parse(yaml.safe_load(path.read_text(encoding="utf-8")))
