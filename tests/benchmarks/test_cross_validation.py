"""The benchmark's own figures, on a matcher small enough to check by thought."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.cross_validation import CrossValidation, cross_validate, summary
from hair_answers.nlu.embedding_cache import EmbeddingCache
from hair_answers.nlu.matcher import Matcher

PHRASES = {
    "cost/price": ["how much is it", "what does it cost", "the price please", "is it expensive", "what will i pay"],
    "risks/pain": ["does it hurt", "is it painful", "will i feel pain", "how sore is it", "pain during the injections"],
    "results/timeline": ["when do i see results", "how long until it works", "results after how many months",
                         "how soon does hair grow", "time until new hair shows"],
    "small_talk/thanks": ["thanks", "thank you so much", "many thanks", "cheers thank you", "great thanks a lot"],
}  # fmt: skip


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> CrossValidation:
    examples = [(key, phrase) for key, phrases in PHRASES.items() for phrase in phrases]
    cache = EmbeddingCache(tmp_path_factory.mktemp("cache") / "embeddings.npz")
    return cross_validate(Matcher.fit(examples, {}, cache))


def test_every_phrase_is_predicted_once(found: CrossValidation) -> None:
    assert len(found.labels) == len(found.winners) == sum(map(len, PHRASES.values()))
    assert np.bincount(found.labels).tolist() == [5, 5, 5, 5]


def test_unseen_phrases_of_distinct_answers_are_told_apart(found: CrossValidation) -> None:
    assert summary(found)["own answer first"] >= 0.7
    assert {name for name, (f1, _) in found.topics().items() if f1 > 0} == {
        "cost",
        "risks",
        "results",
        "small_talk",
    }


def test_an_unknown_question_is_never_given_its_own_answer(found: CrossValidation) -> None:
    assert not (found.unknown_winners == found.labels).any()


def test_risk_at_full_coverage_is_the_error_rate(found: CrossValidation) -> None:
    coverage, risk = found.risk_coverage()
    assert coverage[-1] == pytest.approx(1.0)
    assert risk[-1] == pytest.approx(1 - summary(found)["own or a serving answer first"])


def test_small_talk_is_not_counted_among_questions(found: CrossValidation) -> None:
    assert found.in_scope.sum() == 15


def test_figures_are_drawn(found: CrossValidation, tmp_path: Path) -> None:
    from benchmarks import plots

    for draw in (plots.risk_coverage, plots.reliability, plots.confusions):
        path = tmp_path / f"{draw.__name__}.png"
        draw(found, path)
        assert path.read_bytes().startswith(b"\x89PNG")
