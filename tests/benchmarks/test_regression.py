"""No change lowers what the bot understands by more than chance: measured now, against the committed baseline."""

from __future__ import annotations

import pytest

from benchmarks import baseline
from benchmarks.baseline import Share, drops


def test_a_fall_beyond_noise_is_named() -> None:
    before = {"F1 causes": Share(0.90, 600), "F1 cost": Share(0.90, 20)}
    now = {"F1 causes": Share(0.86, 600), "F1 cost": Share(0.86, 20)}
    assert [line.split(":")[0] for line in drops(before, now)] == ["F1 causes"]


def test_new_and_gone_figures_are_no_drop() -> None:
    assert not list(drops({"F1 gone": Share(0.9, 100)}, {"F1 new": Share(0.1, 100)}))


def test_the_baseline_names_every_topic_and_both_out_of_scope_rates() -> None:
    stored = baseline.read()
    assert sum(name.startswith("F1 ") for name in stored) >= 15
    assert {"unknown questions not answered", "far out of scope not answered"} <= stored.keys()


@pytest.mark.server
def test_understanding_did_not_fall_beyond_noise() -> None:
    fallen = list(drops(baseline.read(), baseline.measure()))
    assert not fallen, "\n".join(
        [*fallen, "Cure: mend the phrases, or accept it: python -m benchmarks.baseline"]
    )
