"""content_new writes a skeleton that loads, and touches nothing else."""

from datetime import date
from difflib import ndiff

import pytest

from hair_answers.content_tools.content_new import main
from hair_answers.knowledge import Library
from hair_answers.knowledge.content_check import Project, check

FAQ = "data/faq/causes.yml"
TODAY = date(2026, 3, 1)


def new(tiny, topic="causes", key="scalp_sunburn"):
    return main([topic, key, "--root", str(tiny.root)], today=TODAY)


def test_skeleton_loads(tiny):
    assert new(tiny) == 0
    answer = Library.load(tiny.root).answers["causes/scalp_sunburn"]
    assert answer.title == "Scalp sunburn"
    assert (answer.reviewed, answer.next_review) == (TODAY, date(2026, 8, 30))
    assert len(answer.phrases) == 1


def test_every_other_line_stays(tiny):
    before = (tiny.root / FAQ).read_text(encoding="utf-8").splitlines()
    new(tiny)
    after = (tiny.root / FAQ).read_text(encoding="utf-8").splitlines()
    changes = [line[0] for line in ndiff(before, after) if line[0] != " "]
    assert set(changes) == {"+"}


def test_content_check_says_what_is_left_to_do(tiny):
    new(tiny)
    problems = check(Project.load(tiny.root))
    assert {problem.key for problem in problems} == {"causes/scalp_sunburn"}
    assert any("phrases" in problem.what for problem in problems)
    assert any("no source" in problem.what for problem in problems)


def test_new_topic_gets_a_file_of_its_own(tiny, capsys):
    assert new(tiny, topic="travel", key="sun") == 0
    assert "travel/sun" in Library.load(tiny.root).answers
    assert "new topic" in capsys.readouterr().out


def test_comments_before_the_next_section_stay_there(tiny):
    tiny.replace(FAQ, "\nresponses:", "\n# About the answers\nresponses:")
    new(tiny)
    lines = (tiny.root / FAQ).read_text(encoding="utf-8").splitlines()
    assert lines[lines.index("responses:") - 1] == "# About the answers"


@pytest.mark.parametrize("key", ["Sunburn", "sun burn", "../secret", ""])
def test_unusable_name_is_refused(tiny, capsys, key):
    assert new(tiny, key=key) == 2
    assert "small letters" in capsys.readouterr().err


def test_taken_name_is_refused_and_nothing_changes(tiny, capsys):
    before = (tiny.root / FAQ).read_text(encoding="utf-8")
    assert new(tiny, key="stress") == 2
    assert "already in data/faq/causes.yml" in capsys.readouterr().err
    assert (tiny.root / FAQ).read_text(encoding="utf-8") == before
