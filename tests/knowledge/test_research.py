"""Study look-ups filter by what was asked and tell size, length, result, limits and link."""

from __future__ import annotations

import pytest

from hair_answers.knowledge import research
from hair_answers.knowledge.context import Context
from hair_answers.knowledge.library import Library

LIBRARY = Library.default()


def found(*names: tuple[str, str]) -> list[str]:
    return [study.key for study in research.find(list(names), LIBRARY)]


def test_women_come_with_most_women_first() -> None:
    keys = found(("sex", "women"))
    assert keys[0] == "krefft_2024"
    assert all(LIBRARY.studies[key].women for key in keys)


@pytest.mark.parametrize(
    ("name", "check"),
    [
        (("cells", "own_marrow"), lambda s: "own_marrow" in s.cells),
        (("design", "placebo"), lambda s: s.placebo),
        (("design", "randomised"), lambda s: s.design == "randomised"),
        (("design", "review"), lambda s: s.kind == "review"),
        (("design", "ongoing"), lambda s: s.status == "ongoing"),
        (("year_from", "2021"), lambda s: s.year >= 2021),
        (("year_to", "2018"), lambda s: s.year <= 2018),
        (("year", "2020"), lambda s: s.year == 2020),
        (("study", "gentile"), lambda s: s.first_author == "Gentile"),
        (("subject", "alopecia_areata"), lambda s: s.condition in ("alopecia_areata", "both")),
    ],
)
def test_filters(name: tuple[str, str], check: object) -> None:
    keys = found(name)
    assert keys
    assert all(check(LIBRARY.studies[key]) for key in keys)  # type: ignore[operator]
    others = [
        s
        for s in LIBRARY.studies.values()
        if s.key not in keys and s.kind != "review" and "none" not in s.cells
    ]
    assert not any(check(s) for s in others if s.year or "year" not in name[0])  # type: ignore[operator]


def test_the_biggest_comes_first() -> None:
    sizes = [LIBRARY.studies[key].people or 0 for key in found(("rank", "biggest"))]
    assert sizes == sorted(sizes, reverse=True)


def test_three_are_shown_and_the_rest_is_counted() -> None:
    (bubble,) = research.reply([("cells", "own_follicle")], Context(), LIBRARY)
    assert bubble.response == "utter_studies_more"
    assert bubble.values["studies"].count("\n") == 2
    assert int(bubble.values["more"]) == len(found(("cells", "own_follicle"))) - 3


def test_one_study_with_an_answer_of_its_own_gets_it() -> None:
    (bubble,) = research.reply([("subject", "tak_2020")], Context(), LIBRARY)
    assert bubble.response == "utter_research/adipose_study"


def test_nothing_found_is_said() -> None:
    (bubble,) = research.reply([("year_to", "1999")], Context(), LIBRARY)
    assert bubble.response == "utter_no_study"


def test_a_study_is_told_with_size_length_result_limits_and_link() -> None:
    study = LIBRARY.studies["tsuboi_2020"]
    line = research.tell(study, LIBRARY)
    for piece in (
        "Tsuboi, 2020",
        "65 people",
        "15 of them women",
        "12 months",
        study.outcome,
        study.limits,
        study.doi,
    ):
        assert piece in line


def test_every_study_can_be_told() -> None:
    for study in LIBRARY.studies.values():
        line = research.tell(study, LIBRARY)
        assert "None" not in line
        assert study.limits in line
