"""Follow-ups resolve by subject and aspect, through lists, and never to a subject that was not meant."""

from __future__ import annotations

import pytest

from hair_answers.knowledge import follow_ups
from hair_answers.knowledge.answers import PREFIX
from hair_answers.knowledge.bubble import Bubble
from hair_answers.knowledge.context import Context, Turn
from hair_answers.knowledge.library import Library


@pytest.fixture(scope="module")
def library() -> Library:
    return Library.default()


def after(*keys: str) -> Context:
    """A conversation that answered these keys, one a turn, the last one last."""
    return Context(tuple(Turn(answers=(key,), understood=(key,)) for key in reversed(keys)))


def keys(bubbles: list[Bubble]) -> list[str]:
    """What each bubble answers."""
    return [bubble.answer or bubble.response.removeprefix(PREFIX) for bubble in bubbles]  # type: ignore[misc]


@pytest.mark.parametrize(
    ("context", "kind", "answer"),
    [
        ("alternatives/prp", "pain", "alternatives/prp_pain"),
        ("alternatives/prp_pain", "cost", "alternatives/prp_cost"),
        ("alternatives/hair_transplant", "recovery", "alternatives/hair_transplant_recovery"),
        ("causes/alopecia_areata", "permanence", "causes/alopecia_areata_permanence"),
        ("causes/stress", "permanence", "causes/stress_timeline"),
        ("causes/pattern_baldness", "women", "causes/women"),
        ("procedure/harvesting", "pain", "procedure/pain"),
        ("procedure/washing_hair", "recovery", "procedure/downtime"),
        ("therapy/what_is", "risks", "risks/overview"),
        ("about/who_are_you", "cost", "cost/price"),
    ],
)
def test_same_subject_new_aspect(library: Library, context: str, kind: str, answer: str) -> None:
    assert keys(follow_ups.reply(kind, [], after(context), library)) == [answer]


@pytest.mark.parametrize("kind", sorted(follow_ups.rules()["kinds"]))
def test_every_kind_has_an_answer_without_a_context(library: Library, kind: str) -> None:
    (key,) = keys(follow_ups.reply(kind, [], Context(), library))
    assert key in library.answers


@pytest.mark.parametrize("kind", sorted(follow_ups.rules()["kinds"]))
def test_every_kind_answers_for_every_subject_with_a_known_key(library: Library, kind: str) -> None:
    for subject in {answer.subject for answer in library.answers.values() if answer.topic != "safety"}:
        found = follow_ups.find_aspect(subject, kind, library)
        assert found.key in library.answers, (subject, kind)


@pytest.mark.parametrize(
    ("context", "subject", "answer"),
    [
        ("procedure/pain", "prp", "alternatives/prp_pain"),
        ("causes/pattern_baldness_permanence", "cancer_treatment", "causes/cancer_treatment_permanence"),
        ("suitability/who_is_it_for", "alopecia_areata", "suitability/alopecia_areata_fit"),
        ("procedure/sessions", "alopecia_areata", "suitability/alopecia_areata_fit"),
        ("causes/pattern_baldness", "stress", "causes/stress"),
    ],
)
def test_new_subject_same_aspect(library: Library, context: str, subject: str, answer: str) -> None:
    assert keys(follow_ups.reply("new_subject", [("subject", subject)], after(context), library)) == [answer]


def test_a_missing_aspect_is_said_and_the_nearest_given(library: Library) -> None:
    said, nearest = follow_ups.reply("pain", [], after("alternatives/minoxidil"), library)
    assert said.response == "utter_no_aspect"
    assert said.values == {"aspect": "pain", "subject": "minoxidil"}
    assert nearest.response == "utter_alternatives/minoxidil"


def test_a_comparison_cell_answers_when_no_whole_answer_does(library: Library) -> None:
    (bubble,) = follow_ups.reply("approval", [], after("alternatives/prp"), library)
    cell = library.treatments["prp"].cells["approval"]
    assert bubble.values["fact"] == cell.text
    assert bubble.extra["sources"] == cell.sources


@pytest.mark.parametrize(
    ("context", "names", "answer"),
    [
        ("procedure/overview", [("ordinal", "2")], "procedure/processing"),
        ("procedure/processing", [("ordinal", "4")], "procedure/regrowth"),
        ("benefits/overview", [("ordinal", "last"), ("part", "benefit")], "benefits/long_term_potential"),
        ("alternatives/prp", [("part", "step"), ("ordinal", "3")], "procedure/injection"),
    ],
)
def test_ordinals(library: Library, context: str, names: list[tuple[str, str]], answer: str) -> None:
    assert keys(follow_ups.reply("ordinal", names, after(context), library)) == [answer]


def test_an_ordinal_takes_up_an_offer(library: Library) -> None:
    context = Context(
        (Turn(answers=("fallback/did_you_mean",), candidates=("cost/price", "cost/insurance")),)
    )
    assert keys(follow_ups.reply("ordinal", [("ordinal", "2")], context, library)) == ["cost/insurance"]


def test_an_ordinal_beyond_the_list_asks_which(library: Library) -> None:
    (bubble,) = follow_ups.reply("ordinal", [("ordinal", "7")], after("procedure/overview"), library)
    assert bubble.response == "utter_no_such_item"
    assert bubble.chips == library.answers["procedure/overview"].lists


def test_next_walks_a_list_and_ends_it(library: Library) -> None:
    steps = library.answers["procedure/overview"].lists
    for here, there in zip(("procedure/overview", *steps), steps, strict=False):
        assert keys(follow_ups.reply("next", [], after(here), library)) == [there]
    (end,) = follow_ups.reply("next", [], after(steps[-1]), library)
    assert end.response == "utter_last_of_list"


def test_back_walks_a_list_else_the_conversation(library: Library) -> None:
    assert keys(follow_ups.reply("previous", [], after("procedure/injection"), library)) == [
        "procedure/processing"
    ]
    assert keys(follow_ups.reply("previous", [], after("cost/price", "risks/overview"), library)) == [
        "cost/price"
    ]


def test_more_is_given_once_then_the_next_answers_are_offered(library: Library) -> None:
    (more,) = follow_ups.reply("more", [], after("alternatives/prp"), library)
    assert more.values["more"] == library.answers["alternatives/prp"].more
    told = Context((Turn(answers=("alternatives/prp",), parts=("more",)), *after("alternatives/prp").turns))
    (all_said,) = follow_ups.reply("more", [], told, library)
    assert all_said.response == "utter_said_all"


def test_simpler_repeats_the_brief_line(library: Library) -> None:
    (bubble,) = follow_ups.reply("simpler", [], after("results/timeline"), library)
    assert bubble.values["brief"] in library.answers["results/timeline"].brief


def test_repeat_says_the_last_turn_again(library: Library) -> None:
    context = Context((Turn(answers=("cost/price", "procedure/pain")),))
    assert keys(follow_ups.reply("repeat", [], context, library)) == ["cost/price", "procedure/pain"]


def test_not_what_i_asked_offers_the_next_best_and_not_the_same(library: Library) -> None:
    turn = Turn(understood=("cost/price", "cost/insurance", "follow_up/cost"), answers=("cost/price",))
    (bubble,) = follow_ups.reply("not_what_i_asked", [], Context((turn,)), library)
    assert bubble.chips[0] == "cost/insurance"
    assert "cost/price" not in bubble.chips
    assert all(key in library.answers for key in bubble.chips)


@pytest.mark.parametrize("kind", ["more", "simpler", "repeat", "next", "ordinal"])
def test_without_a_context_it_says_so(library: Library, kind: str) -> None:
    (bubble,) = follow_ups.reply(kind, [("ordinal", "2")], Context(), library)
    assert bubble.response == "utter_no_context"


@pytest.mark.parametrize(
    ("key", "text", "names", "context", "settled"),
    [
        (
            "procedure/sessions",
            "how many sessions would i need",
            [],
            "alternatives/prp",
            "alternatives/prp_sessions",
        ),
        (
            "procedure/sessions",
            "sessions of stem cell therapy",
            [("subject", "stem_cell_therapy")],
            "alternatives/prp",
            "procedure/sessions",
        ),
        ("procedure/sessions", "procedure/sessions", [], "alternatives/prp", "procedure/sessions"),
        (
            "cost/price",
            "price of a transplant",
            [("subject", "hair_transplant")],
            "alternatives/prp",
            "alternatives/hair_transplant_cost",
        ),
        ("benefits/overview", "what are the benefits", [], "alternatives/prp", "benefits/overview"),
        (
            "causes/does_it_grow_back",
            "will my hair grow back",
            [],
            "causes/alopecia_areata",
            "causes/alopecia_areata_permanence",
        ),
        (
            "results/how_long_lasts",
            "do the results last",
            [],
            "causes/alopecia_areata",
            "results/how_long_lasts",
        ),
        ("results/natural_look", "does it look natural", [], "procedure/marks", "results/natural_look"),
        (
            "alternatives/minoxidil",
            "what is minoxidil",
            [("subject", "minoxidil")],
            "alternatives/prp",
            "alternatives/minoxidil",
        ),
    ],
)
def test_a_full_question_takes_the_subject_it_leaves_unsaid(
    library: Library, key: str, text: str, names: list[tuple[str, str]], context: str, settled: str
) -> None:
    assert follow_ups.settle(key, text, names, after(context), library) == settled


def test_an_unknown_kind_names_the_cure(library: Library) -> None:
    with pytest.raises(ValueError, match="Cure"):
        follow_ups.reply("nonsense", [], Context(), library)


def test_the_rules_name_only_what_exists(library: Library) -> None:
    rules = follow_ups.rules()
    subjects = {answer.subject for answer in library.answers.values()}
    named = [rule["default"] for rule in rules["kinds"].values()]
    named += [*rules["why_after"], *rules["why_after"].values(), *rules["lists"].values()]
    assert [key for key in named if key not in library.answers] == []
    assert [name for name in rules["part_of"] if name not in subjects] == []
    assert [name for name in rules["subject_labels"] if name not in subjects] == []
