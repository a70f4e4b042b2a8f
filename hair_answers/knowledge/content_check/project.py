"""What the content checks look at: the library, the data files as they stand, and the word lists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from hair_answers.knowledge.answers import Answer
from hair_answers.knowledge.content_check.readability import grade, term_pattern
from hair_answers.knowledge.library import Library
from hair_answers.knowledge.problem import ContentError, Problem
from hair_answers.knowledge.yaml_file import YamlFile, read_yaml

REQUIRED_KEYS = "hair_answers/knowledge/required_keys.txt"


@dataclass(frozen=True)
class WordRule:
    """A pattern with its reason. `unless` pardons a sentence; `except_keys` pardons an answer or topic."""

    id: str
    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None
    except_keys: tuple[str, ...]
    why: str
    cure: str


@dataclass(frozen=True)
class AnswerRule:
    """What the named answers (keys or topics) must say (`has`) and must not say (`never`)."""

    id: str
    answers: tuple[str, ...]
    has: tuple[re.Pattern[str], ...]
    never: tuple[re.Pattern[str], ...]
    why: str


@dataclass(frozen=True)
class Project:
    """One project below `root`, read for checking; `problems` are the faults met while reading."""

    root: Path
    library: Library
    files: tuple[YamlFile, ...]
    problems: tuple[Problem, ...]
    required_keys: tuple[str, ...]
    terms: re.Pattern[str] = field(repr=False)
    never: tuple[WordRule, ...] = field(repr=False)
    answer_rules: tuple[AnswerRule, ...] = field(repr=False)
    article_salt: str
    article_runs: frozenset[str] = field(repr=False)

    @classmethod
    def load(cls, root: Path) -> Project:
        """Read everything below `root`; raises ContentError only for what stops all checking."""
        problems: list[Problem] = []
        library = Library.read(root, problems.append)
        evidence = root / "evidence"
        salt, runs = _article_runs(evidence / "article_ngrams.txt")
        return cls(
            root=root,
            library=library,
            files=tuple(_data_files(root)),
            problems=tuple(problems),
            required_keys=tuple((root / REQUIRED_KEYS).read_text(encoding="utf-8").split()),
            terms=term_pattern(_terms(read_yaml(evidence / "terms.yml", root).data)),
            never=tuple(_word_rule(row) for row in read_yaml(evidence / "never_list.yml", root).data),
            answer_rules=tuple(
                _answer_rule(row) for row in read_yaml(evidence / "answer_rules.yml", root).data
            ),
            article_salt=salt,
            article_runs=runs,
        )

    @property
    def answers(self) -> tuple[Answer, ...]:
        """Every answer in file order."""
        return tuple(self.library.answers.values())

    @property
    def topic_files(self) -> tuple[YamlFile, ...]:
        """The files of data/faq."""
        return tuple(file for file in self.files if file.name.startswith("data/faq/"))

    @cached_property
    def grades(self) -> dict[str, float]:
        """Reading grade of every answer, and of every `more` under `<key> more`."""
        texts = {answer.key: answer.text for answer in self.answers}
        texts |= {f"{answer.key} more": answer.more for answer in self.answers if answer.more}
        return {key: grade(text, self.terms) for key, text in texts.items()}

    def problem(self, answer: Answer, what: str, cure: str) -> Problem:
        """A problem of an answer, at its line."""
        return Problem(answer.file, answer.line, answer.key, what, cure)


def _data_files(root: Path) -> Iterator[YamlFile]:
    """Every readable YAML file of data/, and domain.yml; unreadable ones were reported by the library."""
    for path in [*sorted((root / "data").rglob("*.yml")), root / "domain.yml"]:
        try:
            yield read_yaml(path, root)
        except ContentError:
            continue


def _terms(groups: dict[str, list[str]]) -> list[str]:
    """All terms of the groups of evidence/terms.yml."""
    return [term for terms in groups.values() for term in terms]


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


def _word_rule(row: dict[str, Any]) -> WordRule:
    """One row of evidence/never_list.yml."""
    return WordRule(
        id=row["id"],
        pattern=_pattern(row["pattern"]),
        unless=_pattern(row["unless"]) if "unless" in row else None,
        except_keys=tuple(row.get("except_keys", ())),
        why=row["why"],
        cure=row["cure"],
    )


def _answer_rule(row: dict[str, Any]) -> AnswerRule:
    """One row of evidence/answer_rules.yml."""
    return AnswerRule(
        id=row["id"],
        answers=tuple(row["answers"]),
        has=tuple(map(_pattern, row.get("has", ()))),
        never=tuple(map(_pattern, row.get("never", ()))),
        why=row["why"],
    )


def _article_runs(path: Path) -> tuple[str, frozenset[str]]:
    """The salt and the digests of the articles' eight-word runs."""
    salt, *digests = [
        line for line in path.read_text(encoding="utf-8").split("\n") if line[:1] not in ("", "#")
    ]
    return salt.removeprefix("salt: "), frozenset(digests)
