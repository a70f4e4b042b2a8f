"""The project's own content passes every check."""

from pathlib import Path

import pytest

from hair_answers.knowledge.content_check import CHECKS, Project

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def project():
    return Project.load(ROOT)


@pytest.mark.parametrize("one", CHECKS, ids=lambda one: one.__name__)
def test_content_passes(project, one):
    assert [str(problem) for problem in one(project)] == []
