"""The command: table, problems, JSON, choice of files, exit code."""

import json

from hair_answers.knowledge.content_check.__main__ import main

FAQ = "data/faq/causes.yml"


def test_valid_project_prints_a_table_and_ends_well(tiny, capsys):
    assert main(["--root", str(tiny.root)]) == 0
    heading, row, *_, end = capsys.readouterr().out.strip().splitlines()
    assert heading.split() == "file answers phrases worst grade sources days to review".split()
    assert row.split()[:3] == [FAQ, "3", "48"]
    assert end == "No problems."


def test_problem_is_printed_with_line_and_cure(tiny, capsys):
    tiny.replace(FAQ, "[A, B, S46]", "[A, B, S99]")
    assert main(["--root", str(tiny.root)]) == 1
    out = capsys.readouterr().out
    assert (
        f"{FAQ}:61 causes/stress: sources names 'S99', which is not in evidence/sources.yml → correct" in out
    )
    assert out.endswith("1 problem\n")


def test_json_holds_the_same(tiny, capsys):
    tiny.replace(FAQ, "[A, B, S46]", "[A, B, S99]")
    assert main(["--json", "--root", str(tiny.root)]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["files"][0]["file"] == FAQ
    assert report["problems"][0]["key"] == "causes/stress"


def test_named_files_alone_are_shown(tiny, capsys):
    tiny.replace("evidence/claims.yml", "id: A07", "id: A70")
    assert main(["--root", str(tiny.root), FAQ]) == 0
    assert main(["--root", str(tiny.root), "evidence/claims.yml"]) == 1
    assert "A07" in capsys.readouterr().out


def test_missing_bibliography_is_said_plainly(tiny, capsys):
    (tiny.root / "evidence/sources.yml").unlink()
    assert main(["--root", str(tiny.root)]) == 1
    assert "evidence/sources.yml file: is missing → restore" in capsys.readouterr().out
