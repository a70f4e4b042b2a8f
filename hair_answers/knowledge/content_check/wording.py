"""Checks of how an answer reads: length, grade, markup, forbidden words, rules by answer, copied runs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hair_answers.knowledge.answers import Answer
from hair_answers.knowledge.content_check.plain_text import blocks, digest, runs, sentences, word_count
from hair_answers.knowledge.content_check.project import AnswerRule, Project, WordRule
from hair_answers.knowledge.problem import Problem

TITLE_LENGTH = 40  # characters
BRIEF_LENGTH = 90  # characters
PHRASES = 15
WORDS = (40, 90)
OVERVIEW_WORDS = (40, 120)
MORE_WORDS = (30, 80)
SENTENCE_WORDS = 20
PARAGRAPH_SENTENCES = 3
GRADE = 8.0
FORBIDDEN_MARKUP = (
    (re.compile(r"^\s*#", re.MULTILINE), "a heading"),
    (re.compile(r"^\s*\|.*\|", re.MULTILINE), "a table"),
    (re.compile(r"<[a-z/!][^>]*>", re.IGNORECASE), "HTML"),
    (re.compile(r"!\["), "a picture"),
    (re.compile(r"`"), "code marks"),
    (re.compile(r"(?<![*\w])\*(?![*\s])[^*\n]+\*(?!\*)"), "italics"),
    (re.compile(r"^(?: {2,}|\t+)(?:-|\d+\.)\s", re.MULTILINE), "a list inside a list"),
    (re.compile(r"^\s*[*+•]\s", re.MULTILINE), "a list mark other than - or 1."),
)


def titles_are_short(project: Project) -> Iterator[Problem]:
    """A title fits on a button."""
    for answer in project.answers:
        if len(answer.title) > TITLE_LENGTH:
            what = f"title has {len(answer.title)} characters"
            yield project.problem(answer, what, f"shorten it to {TITLE_LENGTH}")


def briefs_are_short(project: Project) -> Iterator[Problem]:
    """The one-line form fits in a comparison."""
    for answer in project.answers:
        if len(answer.brief) > BRIEF_LENGTH:
            what = f"brief has {len(answer.brief)} characters"
            yield project.problem(answer, what, f"shorten it to {BRIEF_LENGTH}")


def phrases_are_enough(project: Project) -> Iterator[Problem]:
    """Fewer phrases and the bot does not learn the question."""
    for answer in project.answers:
        if 0 < len(answer.phrases) < PHRASES:
            what = f"has {len(answer.phrases)} phrases"
            yield project.problem(
                answer, what, f"add {PHRASES - len(answer.phrases)} or more, each worded differently"
            )


def answers_have_a_good_length(project: Project) -> Iterator[Problem]:
    """40 to 90 words; overviews and emergency wording up to 120; `more` 30 to 80."""
    for answer in project.answers:
        long = answer.lists or answer.aspect == "overview" or answer.topic == "safety"
        yield from _length(project, answer, "text", answer.text, OVERVIEW_WORDS if long else WORDS)
        if answer.more:
            yield from _length(project, answer, "more", answer.more, MORE_WORDS)


def sentences_are_short(project: Project) -> Iterator[Problem]:
    """At most 20 words."""
    for answer, block in _blocks(project):
        for sentence in sentences(block):
            count = word_count(sentence)
            if count > SENTENCE_WORDS:
                yield project.problem(
                    answer, f"a sentence has {count} words: “{sentence}”", "split it in two"
                )


def paragraphs_are_short(project: Project) -> Iterator[Problem]:
    """At most three sentences."""
    for answer, block in _blocks(project):
        count = len(sentences(block))
        if count > PARAGRAPH_SENTENCES:
            cure = "add a blank line, or make it a list"
            yield project.problem(answer, f"a paragraph has {count} sentences: “{block[:60]}…”", cure)


def answers_read_easily(project: Project) -> Iterator[Problem]:
    """US grade 8 at most, names and medical terms left out (evidence/terms.yml)."""
    for key, grade in project.grades.items():
        if grade > GRADE:
            answer = project.library.answers[key.removesuffix(" more")]
            part = "more" if key.endswith(" more") else "text"
            cure = "use shorter words and sentences; names and medical terms may go to evidence/terms.yml"
            yield project.problem(answer, f"{part} reads at US grade {grade:.1f}, limit {GRADE:.0f}", cure)


def markup_is_plain(project: Project) -> Iterator[Problem]:
    """Only what every channel shows: paragraphs, **bold**, lists and links."""
    for answer in project.answers:
        for text in _texts(answer):
            for pattern, name in FORBIDDEN_MARKUP:
                if pattern.search(text):
                    cure = "use paragraphs, **bold**, - or 1. lists and [text](https://…) only"
                    yield project.problem(answer, f"holds {name}", cure)
            if text.count("**") % 2:
                yield project.problem(
                    answer, "has an odd number of ** marks", "open and close every **bold** part"
                )


def never_list_is_kept(project: Project) -> Iterator[Problem]:
    """Nothing of evidence/never_list.yml is said."""
    for answer in project.answers:
        for rule in project.never:
            if answer.key in rule.except_keys or answer.topic in rule.except_keys:
                continue
            for found in _breaks(rule, answer):
                what = f"breaks {rule.id} ({rule.why}): “{found}”"
                yield project.problem(answer, what, rule.cure)


def answer_rules_are_kept(project: Project) -> Iterator[Problem]:
    """G1 to G10: what certain answers must say and must not say (evidence/answer_rules.yml)."""
    for rule in project.answer_rules:
        for answer in project.answers:
            if answer.key in rule.answers or answer.topic in rule.answers:
                yield from _rule_breaks(project, rule, answer)


def nothing_is_copied(project: Project) -> Iterator[Problem]:
    """G14: no eight words in a row from an article."""
    for answer in project.answers:
        for text in [*_texts(answer), answer.brief]:
            for run in runs(text):
                if digest(run, project.article_salt) in project.article_runs:
                    what = f"shares eight words in a row with an article: “{' '.join(run)}”"
                    yield project.problem(answer, what, "say it in other words")
                    break


def _length(
    project: Project, answer: Answer, part: str, text: str, limits: tuple[int, int]
) -> Iterator[Problem]:
    """A problem when `text` has fewer or more words than the limits."""
    count = sum(word_count(block) for block in blocks(text))
    if not limits[0] <= count <= limits[1]:
        yield project.problem(answer, f"{part} has {count} words", f"aim for {limits[0]} to {limits[1]}")


def _texts(answer: Answer) -> list[str]:
    """What an answer says at length: text, more, and the second wording of a safety answer."""
    again = answer.extra.get("again")
    return [text for text in (answer.text, answer.more, again) if isinstance(text, str) and text]


def _blocks(project: Project) -> Iterator[tuple[Answer, str]]:
    """Every paragraph and list item with its answer."""
    for answer in project.answers:
        for text in _texts(answer):
            for block in blocks(text):
                yield answer, block


def _breaks(rule: WordRule, answer: Answer) -> Iterator[str]:
    """The sentences of an answer that break a rule."""
    for text in [*_texts(answer), answer.brief, answer.title]:
        for block in blocks(text):
            for sentence in sentences(block):
                if rule.pattern.search(sentence) and not (rule.unless and rule.unless.search(sentence)):
                    yield sentence


def _rule_breaks(project: Project, rule: AnswerRule, answer: Answer) -> Iterator[Problem]:
    """What an answer fails to say, or says though it must not."""
    text = " ".join(" ".join(blocks(part)) for part in _texts(answer))
    for pattern in rule.has:
        if not pattern.search(text):
            yield project.problem(
                answer, f"breaks {rule.id} ({rule.why})", f"say something like “{pattern.pattern}”"
            )
    for pattern in rule.never:
        if found := pattern.search(text):
            yield project.problem(answer, f"breaks {rule.id} ({rule.why}): “{found[0]}”", "take it out")
