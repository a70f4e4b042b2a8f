"""Checks of the whole content in seconds, without Rasa: `python -m hair_answers.knowledge.content_check`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from hair_answers.knowledge.content_check import references, structure, wording
from hair_answers.knowledge.content_check.project import Project
from hair_answers.knowledge.problem import ContentError, Problem

Check = Callable[[Project], Iterator[Problem]]

CHECKS: tuple[Check, ...] = (
    structure.fields_are_valid,
    structure.top_level_keys_are_known,
    structure.version_is_set,
    structure.keys_appear_once,
    structure.responses_are_defined_once,
    structure.topics_match_their_file,
    structure.answers_have_phrases,
    structure.phrases_have_answers,
    structure.phrases_belong_to_one_key,
    structure.metadata_is_known,
    structure.required_keys_exist,
    references.sources_resolve,
    references.medical_answers_have_sources,
    references.origin_fits_sources,
    references.related_answers_exist,
    references.lists_exist,
    references.overviews_are_complete,
    references.subject_and_aspect_are_unique,
    references.titles_are_unique,
    references.placeholders_are_known,
    references.links_are_sources,
    references.dates_make_sense,
    references.claims_are_mapped,
    references.study_names_resolve,
    wording.titles_are_short,
    wording.briefs_are_short,
    wording.phrases_are_enough,
    wording.answers_have_a_good_length,
    wording.sentences_are_short,
    wording.paragraphs_are_short,
    wording.answers_read_easily,
    wording.markup_is_plain,
    wording.never_list_is_kept,
    wording.answer_rules_are_kept,
    wording.nothing_is_copied,
)

__all__ = ["CHECKS", "Check", "Project", "check", "check_root"]


def check(project: Project) -> list[Problem]:
    """Every problem of a project, by file and line."""
    found = {problem for one in CHECKS for problem in one(project)}
    return sorted(found, key=lambda problem: (problem.file, problem.line, problem.key, problem.what))


def check_root(root: Path) -> tuple[Project | None, list[Problem]]:
    """The project below `root` with its problems; None when too little of it can be read."""
    try:
        project = Project.load(root)
    except ContentError as error:
        return None, list(error.problems)
    return project, check(project)
