"""Checks of the files as Rasa reads them: what Rasa itself would swallow without a word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from hair_answers.knowledge.answers import PREFIX, read_phrases
from hair_answers.knowledge.content_check.project import Project
from hair_answers.knowledge.problem import Problem
from hair_answers.knowledge.yaml_file import YamlFile

VERSION = "3.1"
TOP_LEVEL = {"version", "nlu", "responses", "rules", "stories"}
EXTRA_METADATA = {"tier", "rule", "again"}


def fields_are_valid(project: Project) -> Iterator[Problem]:
    """Every file reads, and every field has the form it must have."""
    yield from project.problems


def top_level_keys_are_known(project: Project) -> Iterator[Problem]:
    """A misspelt section (`respones:`) would make Rasa drop it without a warning."""
    for file in _data(project):
        for name in file.data:
            if name not in TOP_LEVEL:
                cure = f"use one of: {', '.join(sorted(TOP_LEVEL))}"
                yield file.problem(str(name), "is not a section Rasa reads; all below it is lost", cure, name)


def version_is_set(project: Project) -> Iterator[Problem]:
    """Every file states the format it is written in."""
    for file in _data(project):
        found = file.data.get("version")
        if found != VERSION:
            yield file.problem(
                "version", f"is {found!r}", f'write version: "{VERSION}" on the first line', "version"
            )


def keys_appear_once(project: Project) -> Iterator[Problem]:
    """A key written twice in one place: YAML keeps the last and forgets the first."""
    for file in project.files:
        for path in file.duplicates:
            name = str(path[-1])
            yield file.problem(
                name, "is written twice in the same place; the first is lost", "keep one", *path
            )


def responses_are_defined_once(project: Project) -> Iterator[Problem]:
    """A response in two files: the last file wins without a warning."""
    first: dict[str, YamlFile] = {}
    for file in project.files:
        responses = file.data.get("responses") if isinstance(file.data, dict) else None
        for name in responses if isinstance(responses, dict) else ():
            other = first.setdefault(str(name), file)
            if other is not file and not _reported(file, other):
                what = f"is also in {other.name}:{other.line('responses', name)}; one of them is lost"
                yield file.problem(str(name), what, "keep one of the two", "responses", name)


def topics_match_their_file(project: Project) -> Iterator[Problem]:
    """data/faq/causes.yml holds causes/… and nothing else."""
    for file in project.topic_files:
        topic = Path(file.name).stem
        intents = [intent for intent, _ in read_phrases(file, _mapping(file))]
        for key in [*intents, *(name.removeprefix(PREFIX) for name in _responses(file))]:
            if key.split("/")[0] != topic:
                yield _at_key(
                    file,
                    key,
                    f"does not belong in {file.name}",
                    f"move it to data/faq/{key.split('/')[0]}.yml",
                )


def answers_have_phrases(project: Project) -> Iterator[Problem]:
    """Every answer can be reached."""
    for answer in project.answers:
        if not answer.phrases:
            cure = f"add `- intent: {answer.key}` with examples"
            yield project.problem(answer, "has no phrases, so nobody can ask for it", cure)


def phrases_have_answers(project: Project) -> Iterator[Problem]:
    """Every group of phrases in data/faq leads to an answer."""
    for file in project.topic_files:
        for intent, _ in read_phrases(file, _mapping(file)):
            if intent not in project.library.answers:
                yield _at_key(
                    file, intent, "has phrases but no answer", f"add utter_{intent} below `responses:`"
                )


def phrases_belong_to_one_key(project: Project) -> Iterator[Problem]:
    """The same phrase twice, upper and lower case and punctuation aside."""
    first: dict[str, tuple[str, YamlFile, int]] = {}
    for file in _data(project):
        for intent, phrases in read_phrases(file, file.data):
            for text, line in phrases:
                known = first.setdefault(same_phrase(text), (intent, file, line))
                if known[1:] != (file, line):
                    where = f"{known[1].name}:{known[2]} ({known[0]})"
                    what = f"the phrase {text!r} is already in {where}"
                    yield Problem(
                        file.name, line, intent, what, "keep it where it fits best and reword the other"
                    )


def metadata_is_known(project: Project) -> Iterator[Problem]:
    """Metadata beyond the schema is usually a misspelling."""
    for answer in project.answers:
        for name in answer.extra:
            if name not in EXTRA_METADATA:
                yield project.problem(
                    answer, f"metadata `{name}` is not known", "correct its spelling or remove it"
                )


def required_keys_exist(project: Project) -> Iterator[Problem]:
    """Every key of required_keys.txt has an answer: reports and stored conversations use these names."""
    for key in project.required_keys:
        if key not in project.library.answers:
            file = f"data/faq/{key.split('/')[0]}.yml"
            yield Problem(file, 0, key, "is missing", "write it; keys of required_keys.txt are never renamed")


def same_phrase(text: str) -> str:
    """A phrase as the reader hears it: case, punctuation and spacing aside."""
    return " ".join(re.findall(r"\w+", text.casefold().replace("'", "").replace("’", "")))


def _data(project: Project) -> Iterator[YamlFile]:
    """The files of data/ that hold named sections."""
    for file in project.files:
        if file.name.startswith("data/") and isinstance(file.data, dict):
            yield file


def _mapping(file: YamlFile) -> dict[str, object]:
    return file.data if isinstance(file.data, dict) else {}


def _responses(file: YamlFile) -> list[str]:
    responses = _mapping(file).get("responses")
    return [str(name) for name in responses] if isinstance(responses, dict) else []


def _reported(one: YamlFile, other: YamlFile) -> bool:
    """Whether the library itself reports a response that both files hold."""
    faq = {file.name.startswith("data/faq/") for file in (one, other)}
    return len(faq) == 1 and "domain.yml" not in (one.name, other.name)


def _at_key(file: YamlFile, key: str, what: str, cure: str) -> Problem:
    """A problem at the line of the phrases of `key`, else of its answer."""
    for index, block in enumerate(_mapping(file).get("nlu") or ()):  # type: ignore[arg-type, var-annotated]
        if isinstance(block, dict) and block.get("intent") == key:
            return file.problem(key, what, cure, "nlu", index)
    return file.problem(key, what, cure, "responses", PREFIX + key)
