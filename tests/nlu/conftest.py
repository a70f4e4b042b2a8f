"""A small set of questions on six subjects, and a matcher fitted on them once."""

import pytest

from hair_answers.nlu.embedding_cache import EmbeddingCache
from hair_answers.nlu.matcher import Matcher

QUESTIONS = {
    "causes/stress": [
        "can stress make hair fall out",
        "hair shedding after a hard year at work",
        "does worry thin your hair",
        "i am under pressure and losing hair",
        "stress and hair loss",
        "is my anxiety why my hair drops",
        "hair fell out after the divorce",
        "emotional shock hair loss",
    ],
    "causes/iron": [
        "low iron and thinning hair",
        "does anaemia cause hair loss",
        "ferritin level and shedding",
        "i lack iron is that why my hair thins",
        "iron deficiency hair",
        "heavy periods and hair falling",
        "blood test for iron because of hair loss",
        "can eating no meat thin my hair",
    ],
    "procedure/harvesting": [
        "how do they take the cells out",
        "where do the stem cells come from in my body",
        "is fat removed with a needle",
        "taking fat from the belly for cells",
        "how is the sample collected",
        "liposuction step of the treatment",
        "what happens at the cell collection",
        "do they cut skin to get cells",
    ],
    "cost/price": [
        "how much does it cost",
        "price of the treatment",
        "what do i have to pay per session",
        "is it expensive",
        "cost of stem cell hair therapy",
        "how many dollars for the whole thing",
        "what does a clinic charge",
        "cheapest price for this",
    ],
    "small_talk/greet": [
        "hello",
        "hi there",
        "good morning",
        "hey",
        "hello bot",
        "hi how are you",
        "greetings",
        "good evening",
    ],
    "out_of_scope/other_language": [
        "cuánto cuesta el tratamiento",
        "se me cae el pelo",
        "combien coûte la thérapie",
        "was kostet die therapie",
        "ich verliere meine haare",
        "saçım dökülüyor",
        "у меня выпадают волосы",
        "quanto costa la terapia",
    ],
}
RESPONSES = {
    "utter_causes/stress": [
        {"text": "…", "metadata": {"subject": "stress", "related": ["causes/iron", "causes/unknown"]}}
    ],
    "utter_causes/iron": [{"text": "…", "metadata": {"subject": "iron"}}],
    "utter_procedure/harvesting": [{"text": "…", "metadata": {"subject": "harvesting"}}],
    "utter_cost/price": [{"text": "…", "metadata": {"subject": "stem_cell_therapy", "aspect": "cost"}}],
}


@pytest.fixture(scope="session")
def questions():
    return QUESTIONS


@pytest.fixture(scope="session")
def examples():
    return [(key, phrase) for key, phrases in QUESTIONS.items() for phrase in phrases]


@pytest.fixture(scope="session")
def responses():
    return RESPONSES


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    return EmbeddingCache(tmp_path_factory.mktemp("cache") / "embeddings.npz")


@pytest.fixture(scope="session")
def matcher(examples, responses, cache):
    return Matcher.fit(examples, responses, cache)
