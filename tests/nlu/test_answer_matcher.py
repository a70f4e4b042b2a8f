"""The component in a real Rasa model: trained by Rasa, packed, loaded and asked through its agent."""

import asyncio
import os
import tarfile

import pytest
import yaml

from hair_answers.nlu.answer_matcher import AnswerMatcher

CONFIG = """
recipe: default.v1
assistant_id: tiny
language: en
pipeline:
- name: hair_answers.nlu.answer_matcher.AnswerMatcher
  ranking_length: 3
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory, questions):
    """A packed NLU model of the small question set."""
    from rasa.model_training import train_nlu

    folder = tmp_path_factory.mktemp("tiny")
    (folder / "config.yml").write_text(CONFIG)
    nlu = [
        {"intent": key, "examples": "".join(f"- {phrase}\n" for phrase in phrases)}
        for key, phrases in questions.items()
    ]
    nlu.append({"lookup": "subject/iron", "examples": "- ferritim\n"})
    (folder / "nlu.yml").write_text(yaml.safe_dump({"version": "3.1", "nlu": nlu}, allow_unicode=True))
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield train_nlu(str(folder / "config.yml"), str(folder / "nlu.yml"), str(folder / "models"))
    finally:
        os.chdir(before)


@pytest.fixture(scope="module")
def agent(model):
    from rasa.core.agent import Agent

    return Agent.load(model)


@pytest.fixture(scope="module")
def parse(agent):
    return lambda text: asyncio.run(agent.parse_message(text))


def test_one_scoring_fills_everything(parse):
    found = parse("what is the price of the treatment please")
    assert found["intent"]["name"] == "cost"
    assert found["intent_ranking"][0]["name"] == "cost"
    assert found["intent_ranking"][0]["confidence"] == found["intent"]["confidence"]
    assert found["decision"] == "answer"
    assert found["answer_ranking"][0]["key"] == "cost/price"
    assert len(found["answer_ranking"]) == 3
    assert found["answer_ranking"][0]["confidence"] == pytest.approx(found["intent"]["confidence"], abs=1e-4)
    selected = found["response_selector"]["cost"]
    assert selected["response"]["utter_action"] == "utter_cost/price"
    assert selected["ranking"][0]["intent_response_key"] == "cost/price"


def test_topics_are_ranked_once_each(parse):
    names = [row["name"] for row in parse("is it stress or iron")["intent_ranking"]]
    assert len(names) == len(set(names))


def test_nonsense_is_not_answered(parse):
    found = parse("zxqv wrrt plonk")
    assert found["decision"] != "answer" or found["intent"]["name"] in ("out_of_scope", "small_talk")


def test_a_payload_is_certain(parse):
    found = parse("/causes/iron")
    assert (found["intent"]["name"], found["intent"]["confidence"]) == ("causes", 1.0)
    assert found["text"] == "causes/iron"
    assert parse(" /fallback/none_of_these ")["decision"] == "abstain"


@pytest.mark.parametrize(
    "typed",
    [
        "/causes",
        '/cost{"a": 1}',
        "/cost@0.3",
        "  / how much is it",
        "//price",
        "/restart",
        "/",
        "/causes/no_such_answer",
    ],
)
def test_a_typed_slash_is_no_command(parse, typed):
    found = parse(typed)
    assert not found["text"].startswith("/")
    assert found["intent"]["confidence"] < 1
    assert found["answer_ranking"]


@pytest.mark.parametrize("typed", ["quanto tempo demora para crescer de novo", "治疗痛吗", "كم تكلفة العلاج"])
def test_other_languages_are_declined(parse, typed):
    found = parse(typed)
    assert found["answer_ranking"][0]["key"] == "out_of_scope/other_language"
    assert found["intent"]["name"] == "out_of_scope"
    keys = [row["key"] for row in found["answer_ranking"]]
    assert len(keys) == len(set(keys))


def test_several_questions_carry_their_parts(parse):
    found = parse("how much does it cost? and can stress make hair fall out?")
    assert found["intent"]["name"] == "several_questions"
    assert [part["key"] for part in found["parts"]] == ["cost/price", "causes/stress"]


def test_names_of_the_look_ups_reach_the_speller(agent):
    runner = agent.processor.graph_runner
    component = next(
        node._component
        for node in runner._instantiated_nodes.values()
        if isinstance(node._component, AnswerMatcher)
    )
    assert component._matcher.names == ["ferritim"]


def test_parsing_is_deterministic(parse):
    assert parse("does iron matter for hair") == parse("does iron matter for hair")


def test_the_packed_model_holds_no_pickle(model):
    with tarfile.open(model) as archive:
        names = [name for name in archive.getnames() if "AnswerMatcher" in name]
    assert names
    assert not [name for name in names if name.endswith((".pkl", ".pickle", ".joblib"))]


def test_helpers_and_data_decide_whether_to_train_again(monkeypatch):
    import inspect

    from hair_answers.nlu import answer_matcher

    before = AnswerMatcher.fingerprint_addon({})
    assert before == AnswerMatcher.fingerprint_addon({})
    real = inspect.getsource
    edited = answer_matcher.speller
    monkeypatch.setattr(
        inspect, "getsource", lambda thing: real(thing) + ("# edit" if thing is edited else "")
    )
    assert AnswerMatcher.fingerprint_addon({}) != before


def test_every_helper_of_the_matcher_is_watched():
    from pathlib import Path

    from hair_answers.nlu import answer_matcher

    watched = {Path(helper.__file__).name for helper in answer_matcher.HELPERS}
    reached, waiting = set(), ["matcher", "turn_reader", "language_guess", "embedding_cache"]
    folder = Path(answer_matcher.__file__).parent
    while waiting:
        name = waiting.pop()
        if name in reached or not (folder / f"{name}.py").is_file():
            continue
        reached.add(name)
        source = (folder / f"{name}.py").read_text(encoding="utf-8")
        for line in source.splitlines():
            if line.startswith("from hair_answers.nlu import"):
                waiting += [part.strip() for part in line.partition("import")[2].split(",")]
            elif line.startswith("from hair_answers.nlu."):
                waiting.append(line.split()[1].rpartition(".")[2])
    # These two spare time and memory: they cannot change what is learned.
    assert {f"{name}.py" for name in reached} - {"embedding_cache.py", "memory.py"} <= watched
