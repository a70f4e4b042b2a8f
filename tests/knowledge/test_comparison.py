"""Comparisons: every cell sourced or "not known", never a winner, two to three columns of one kind."""

from __future__ import annotations

import itertools

import pytest

from hair_answers.knowledge import comparison
from hair_answers.knowledge.context import Context, Turn
from hair_answers.knowledge.library import Library

LIBRARY = Library.default()


def subject(*names: str) -> list[tuple[str, str]]:
    return [("subject", name) for name in names]


def kinds(kind: str) -> list[str]:
    return [key for key, treatment in LIBRARY.treatments.items() if treatment.kind == kind]


@pytest.mark.parametrize(
    "pair", [*itertools.combinations(kinds("treatment"), 2), *itertools.combinations(kinds("cause"), 2)]
)
def test_any_two_of_a_kind_make_a_table(pair: tuple[str, str]) -> None:
    bubble = comparison.reply(subject(*pair), Context(), LIBRARY)[-1]
    table = bubble.extra["table"]
    assert len(table["columns"]) == 2
    for row in table["rows"]:
        assert all(cell["sources"] or cell["text"] == "not known" for cell in row["cells"])
        assert any(cell["sources"] for cell in row["cells"])
    assert not {"better", "best", "winner", "recommend"} & set(str(table).lower().split())


def test_three_make_three_columns_and_a_fourth_is_left_out() -> None:
    names = subject("prp", "minoxidil", "finasteride", "exosomes")
    bubble = comparison.reply(names, Context(), LIBRARY)[-1]
    assert len(bubble.extra["table"]["columns"]) == 3


def test_the_conversation_fills_the_pair() -> None:
    context = Context(
        (Turn(answers=("alternatives/finasteride",)), Turn(answers=("alternatives/minoxidil",)))
    )
    bubble = comparison.reply([], context, LIBRARY)[-1]
    assert bubble.answer == ("alternatives/minoxidil", "alternatives/finasteride")


def test_one_treatment_alone_is_put_beside_the_therapy_after_the_written_comparison() -> None:
    written, table = comparison.reply([], Context((Turn(answers=("alternatives/prp",)),)), LIBRARY)
    assert written.response == "utter_alternatives/prp_vs_therapy"
    assert "table" in table.extra


def test_a_cause_is_not_compared_with_a_treatment() -> None:
    (bubble,) = comparison.reply(subject("stress", "minoxidil"), Context(), LIBRARY)
    assert bubble.response == "utter_compare_what"


def test_lines_name_every_column_in_every_row() -> None:
    table = comparison.side_by_side([LIBRARY.treatments["prp"], LIBRARY.treatments["minoxidil"]])
    text = comparison.lines(table)
    assert text.count("- Minoxidil") == text.count("- PRP") == len(table["rows"])
