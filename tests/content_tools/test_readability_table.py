"""The readability page."""

from hair_answers.content_tools.readability_table import PAGE, main

FAQ = "data/faq/causes.yml"
LONG_WORDS = " Doctors will carefully consider several different possibilities before recommending anything."


def page(tiny):
    assert main(["--root", str(tiny.root)]) == 0
    return (tiny.root / PAGE).read_text(encoding="utf-8").splitlines()


def test_every_topic_has_a_row_and_all_have_one(tiny):
    rows = [line.split("|")[1].strip() for line in page(tiny) if line.startswith("| ") and "(" in line]
    assert rows == [*sorted(rows[:-1]), "**all**"]
    assert "causes" in rows


def test_hard_answer_is_listed_and_counted(tiny):
    assert "| causes/men |" not in "\n".join(page(tiny))
    text = (tiny.root / FAQ).read_text(encoding="utf-8")
    first = text.split("utter_causes/men:\n  - text: |\n", 1)[1].split("\n", 1)[0]
    tiny.replace(FAQ, first, f"      {(LONG_WORDS * 2).strip()}\n\n{first}")
    after = page(tiny)
    assert any(line.startswith("| causes/men |") for line in after)
    row = next(line for line in after if line.startswith("| causes |"))
    assert "(causes/men)" in row
    assert int(row.split("|")[5]) > 0


def test_broken_content_is_named(tiny, capsys):
    tiny.replace(FAQ, "evidence: moderate", "evidence: [")
    assert main(["--root", str(tiny.root)]) == 1
    assert FAQ in capsys.readouterr().err
