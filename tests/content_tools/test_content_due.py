"""The review calendar."""

from datetime import date

from hair_answers.content_tools.content_due import main

FAQ = "data/faq/causes.yml"


def due(tiny, capsys, *arguments, today=date(2026, 7, 1)):
    assert main(["--root", str(tiny.root), *arguments], today=today) == 0
    return capsys.readouterr().out.splitlines()


def test_soonest_first_by_month(tiny, capsys):
    tiny.replace(FAQ, "next_review: 2026-07-10", "next_review: 2026-08-20")
    lines = due(tiny, capsys)
    assert lines[0] == "July 2026"
    assert lines[1].split()[:5] == ["2026-07-10", "in", "9", "days", "causes/men"]
    assert lines[3] == "August 2026"
    assert "causes/stress" in lines[4]


def test_overdue_is_said(tiny, capsys):
    assert "2 days overdue" in due(tiny, capsys, today=date(2026, 7, 12))[1]


def test_within_leaves_later_ones_out(tiny, capsys):
    assert due(tiny, capsys, "--within", "5") == ["Nothing is due."]


def test_signature_is_shown(tiny, capsys):
    tiny.replace(
        FAQ, "clinical_review: pending", "clinical_review: {name: A. Reader, role: GP, date: 2026-02-01}"
    )
    said = "\n".join(due(tiny, capsys))
    assert "signed by A. Reader" in said
    assert said.count("not signed yet") == 2


def test_broken_content_is_named(tiny, capsys):
    tiny.replace(FAQ, "evidence: moderate", "evidence: strong")
    assert main(["--root", str(tiny.root)]) == 1
    assert "'strong'" in capsys.readouterr().err
