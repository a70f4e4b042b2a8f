"""Every answer is reached through the running bot by the first phrase that its file lists for it."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from hair_answers.knowledge.library import Library

pytestmark = pytest.mark.server

# First phrases that another answer serves as well or better; each pair was read and agreed.
SERVED_BY: dict[str, set[str]] = {
    # "I am fine" is a safety answer only after a safety answer (data/rules/safety.yml).
    "safety/reassured": {"small_talk/ok"},
    # A parent asks about a child of their own: the child's doctor comes first (rule R07).
    "causes/children": {"safety/child"},
    # Somebody who cannot stop pulling gets support first (rule R15).
    "causes/hair_pulling_help": {"safety/hair_pulling_support"},
}


@pytest.fixture(scope="module")
def first_phrases():
    """Content answers alone: small talk, follow-ups and the like depend on what was said before."""
    return {
        key: answer.phrases[0]
        for key, answer in Library.default().answers.items()
        if answer.phrases and answer.file.startswith("data/faq/")
    }


def flat(answers):
    """A message that answers several questions carries a list of keys."""
    return [key for answer in answers for key in (answer if isinstance(answer, list) else [answer])]


def test_every_answer_is_reached_by_its_first_phrase(bot, first_phrases):
    # Without a sender each phrase has a conversation of its own: no question leans on one before.
    with ThreadPoolExecutor(4) as pool:
        heard = dict(
            zip(
                first_phrases,
                pool.map(bot.answers, first_phrases.values()),
                strict=True,
            )
        )
    wrong = {
        key: (first_phrases[key], answers)
        for key, answers in heard.items()
        if not {key, *SERVED_BY.get(key, ())} & set(flat(answers))
    }
    assert wrong == {}, "\n" + "\n".join(f"{key}: {asked!r} -> {got}" for key, (asked, got) in wrong.items())


def test_stand_ins_exist(first_phrases):
    library = Library.default()
    for key, others in SERVED_BY.items():
        assert key in first_phrases
        assert all(library.answer(other) or f"utter_{other}" in library.voice for other in others)
