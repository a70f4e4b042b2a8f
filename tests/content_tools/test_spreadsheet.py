"""Export and import: a round trip changes nothing, an edit only itself."""

import shutil
from datetime import date
from pathlib import Path

import pytest
from openpyxl import load_workbook

from hair_answers.content_tools import content_export, content_import
from hair_answers.knowledge import Library

PROJECT = Path(__file__).parents[2]
FAQ = "data/faq/causes.yml"


@pytest.fixture
def sheet(tiny, tmp_path):
    """Export the tiny project; `sheet.edit` changes one cell, `sheet.read_back` imports."""
    return Sheet(tiny, tmp_path / "answers.xlsx")


class Sheet:
    def __init__(self, tiny, path):
        self.tiny, self.path = tiny, path
        assert content_export.main([str(path), "--root", str(tiny.root)]) == 0

    def edit(self, column, value, key="causes/stress", title="Answers"):
        book = load_workbook(self.path)
        sheet = book[title]
        columns = [cell.value for cell in sheet[1]]
        row = next(row for row in sheet.iter_rows(min_row=2) if row[0].value == key)
        row[columns.index(column)].value = value
        book.save(self.path)

    def read_back(self):
        return content_import.main([str(self.path), "--root", str(self.tiny.root)])

    @property
    def text(self):
        return (self.tiny.root / FAQ).read_text(encoding="utf-8")


def changed_lines(before, after):
    """The lines of `after` that `before` does not have."""
    return [line.strip() for line in after.splitlines() if line not in before.splitlines()]


def test_round_trip_of_the_tiny_project_changes_nothing(sheet, capsys):
    before = sheet.text
    assert sheet.read_back() == 0
    assert sheet.text == before
    assert "Nothing had changed." in capsys.readouterr().out


def test_round_trip_of_the_whole_project_changes_nothing(tmp_path):
    root = tmp_path / "copy"
    for name in ("data", "evidence"):
        shutil.copytree(PROJECT / name, root / name)
    shutil.copy(PROJECT / "clinic.yml", root)
    before = {path: path.read_bytes() for path in (root / "data/faq").glob("*.yml")}
    assert content_export.main([str(tmp_path / "all.xlsx"), "--root", str(root)]) == 0
    assert content_import.main([str(tmp_path / "all.xlsx"), "--root", str(root)]) == 0
    assert {path: path.read_bytes() for path in (root / "data/faq").glob("*.yml")} == before
    assert before


def test_edited_title_changes_its_line_alone(sheet):
    before = sheet.text
    sheet.edit("title", "Stress shedding")
    assert sheet.read_back() == 0
    assert changed_lines(before, sheet.text) == ["title: Stress shedding"]


def test_edited_answer_keeps_metadata_and_comments(sheet):
    sheet.edit("text", "A new first part.\n\nA second part with a colon: here.")
    assert sheet.read_back() == 0
    answer = Library.load(sheet.tiny.root).answers["causes/stress"]
    assert answer.text == "A new first part.\n\nA second part with a colon: here."
    assert answer.related == ("causes/women", "causes/men")
    assert sheet.text.startswith("# A topic small enough")


def test_sources_dates_and_grade_are_read_back(sheet):
    for column, value in (
        ("sources", "A, S46"),
        ("next_review", date(2026, 12, 1)),
        ("reviewed", "2026-06-01"),
        ("evidence", "early"),
        ("more", "One more thing to say."),
    ):
        sheet.edit(column, value)
    assert sheet.read_back() == 0
    answer = Library.load(sheet.tiny.root).answers["causes/stress"]
    assert answer.sources == ("A", "S46")
    assert (answer.reviewed, answer.next_review) == (date(2026, 6, 1), date(2026, 12, 1))
    assert (answer.evidence, answer.more) == ("early", "One more thing to say.")


def test_edited_question_is_read_back_in_its_place(sheet):
    sheet.edit("question", "=why: a # strange one", title="Questions")
    assert sheet.read_back() == 0
    phrases = Library.load(sheet.tiny.root).answers["causes/stress"].phrases
    assert phrases[:2] == ("=why: a # strange one", "when stress hair question")
    assert len(phrases) == 16


def test_phrase_that_looks_like_a_formula_stays_text(tiny, tmp_path):
    tiny.replace(FAQ, "- why stress hair question", "- =SUM(1)")
    assert content_export.main([str(tmp_path / "a.xlsx"), "--root", str(tiny.root)]) == 0
    assert load_workbook(tmp_path / "a.xlsx")["Questions"]["B2"].data_type == "s"


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("key", "causes/strees", "Answers, row 2: 'causes/strees' has no answer"),
        ("key", "causes/men", "is there twice"),
        ("title", None, "title of causes/stress is empty"),
        ("evidence", "strong", "evidence is 'strong'"),
        ("reviewed", "last week", "reviewed is 'last week'"),
        ("sources", "A, S99", "source 'S99' is not in evidence/sources.yml"),
    ],
)
def test_bad_cell_is_named_and_nothing_is_written(sheet, capsys, column, value, message):
    before = sheet.text
    sheet.edit("brief", "An edit that must wait", key="causes/women")
    sheet.edit(column, value)
    assert sheet.read_back() == 1
    said = capsys.readouterr().err
    assert message in said
    assert "Nothing was written." in said
    assert sheet.text == before


def test_missing_sheet_and_wrong_file_are_named(sheet, capsys):
    book = load_workbook(sheet.path)
    del book["Questions"]
    book.save(sheet.path)
    assert sheet.read_back() == 1
    assert "'Questions' is missing" in capsys.readouterr().err
    sheet.path.write_text("not a spreadsheet")
    assert sheet.read_back() == 1
    assert "not a readable spreadsheet" in capsys.readouterr().err


def test_missing_column_is_named(sheet, capsys):
    book = load_workbook(sheet.path)
    book["Answers"]["B1"].value = "heading"
    book.save(sheet.path)
    assert sheet.read_back() == 1
    assert "column 'title' is missing" in capsys.readouterr().err


def test_broken_content_is_not_exported(tiny, tmp_path, capsys):
    tiny.replace(FAQ, "evidence: moderate", "evidence: strong")
    assert content_export.main([str(tmp_path / "a.xlsx"), "--root", str(tiny.root)]) == 1
    assert "Nothing was written." in capsys.readouterr().err
    assert not (tmp_path / "a.xlsx").exists()
