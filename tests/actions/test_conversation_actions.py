"""The actions that answer from the conversation: each on a tracker of real events."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from rasa_sdk import Action

import actions
from actions.answer_follow_up import AnswerFollowUp
from actions.answer_several_questions import AnswerSeveralQuestions
from actions.compare_subjects import CompareSubjects
from actions.explain_source import ExplainSource
from actions.look_up_studies import LookUpStudies

ROOT = Path(__file__).resolve().parents[2]


def user(text: str, key: str, **parse_data: Any) -> dict[str, Any]:
    """A message as the understanding step leaves it."""
    data = {"intent": {"name": key}, "entities": [], "answer_ranking": [{"key": key}], "decision": "answer"}
    return {"event": "user", "text": text, "parse_data": {**data, **parse_data}}


def bot(answer: str) -> dict[str, Any]:
    """A bot message as the speaking step leaves it."""
    return {"event": "bot", "text": "…", "metadata": {"metadata": {"answer": answer}}}


PRP = (user("prp", "alternatives/prp"), bot("alternatives/prp"))


async def test_a_follow_up_is_about_the_last_answer(run: Any) -> None:
    spoken = await run(AnswerFollowUp(), *PRP, user("does it hurt", "follow_up/pain"))
    assert spoken.said == ["alternatives/prp_pain"]


async def test_a_missing_aspect_is_announced(run: Any) -> None:
    spoken = await run(AnswerFollowUp(), *PRP, user("and for lasers", "follow_up/new_subject", entities=[
        {"entity": "subject", "value": "laser"}]))  # fmt: skip
    assert spoken.said == ["alternatives/laser"]


async def test_more_carries_sources_and_says_which_part_it_is(run: Any) -> None:
    spoken = await run(AnswerFollowUp(), *PRP, user("more", "follow_up/more"))
    (message,) = spoken.messages
    assert message["metadata"]["part"] == "more"
    assert message["metadata"]["sources"]
    assert "reviewed" in message["text"], "REST shows bare text: the source line is part of it"


async def test_a_comparison_is_a_table_and_lines(run: Any) -> None:
    pair = [{"entity": "subject", "value": "prp"}, {"entity": "subject", "value": "minoxidil"}]
    spoken = await run(CompareSubjects(), user("prp or minoxidil", "follow_up/compare", entities=pair))
    (message,) = spoken.messages
    assert len(message["metadata"]["table"]["columns"]) == 2
    assert "- Minoxidil" in message["text"]
    assert {source["key"] for source in message["metadata"]["sources"]} >= {"S157", "S42"}


async def test_studies_are_looked_up(run: Any) -> None:
    marrow = [{"entity": "cells", "value": "own_marrow"}]
    spoken = await run(LookUpStudies(), user("bone marrow trials", "follow_up/studies", entities=marrow))
    assert "Elmaadawi" in spoken.messages[0]["text"]


async def test_the_source_of_the_last_answer(run: Any) -> None:
    spoken = await run(ExplainSource(), *PRP, user("says who", "follow_up/source"))
    assert spoken.said == ["alternatives/prp"]
    assert "It rests on" in spoken.messages[0]["text"]


async def test_several_questions_are_answered_in_order(run: Any) -> None:
    parts = [
        {"text": t, "key": k, "decision": "answer", "names": [], "candidates": []}
        for t, k in (("does it hurt", "follow_up/pain"), ("how much is it", "follow_up/cost"))
    ]
    spoken = await run(AnswerSeveralQuestions(), *PRP, user("both", "follow_up/pain", parts=parts))
    assert spoken.said == [
        ["alternatives/prp_pain", "alternatives/prp_cost"], "alternatives/prp_pain", "alternatives/prp_cost",
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["more", "pain", "next", "ordinal", "repeat"])
async def test_an_empty_conversation_breaks_nothing(run: Any, kind: str) -> None:
    assert (await run(AnswerFollowUp(), user("…", f"follow_up/{kind}"))).said


def test_the_domain_names_every_action_and_no_other() -> None:
    for module in pkgutil.iter_modules(actions.__path__):
        importlib.import_module(f"actions.{module.name}")
    written = {kind().name() for kind in Action.__subclasses__() if kind.__module__.startswith("actions.")}
    domain = yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8"))
    assert set(domain["actions"]) == written


def test_an_action_stands_in_the_file_named_after_it() -> None:
    for module in pkgutil.iter_modules(actions.__path__):
        loaded = importlib.import_module(f"actions.{module.name}")
        own = [
            v
            for v in vars(loaded).values()
            if isinstance(v, type) and issubclass(v, Action) and v.__module__ == loaded.__name__
        ]
        assert [kind().name().removeprefix("action_") for kind in own] in ([], [module.name])
