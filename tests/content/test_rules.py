"""The never-list and the rules by answer bite on bad sentences and leave good ones alone."""

import pytest

from hair_answers.knowledge.content_check import Project, wording

FAQ = "data/faq/causes.yml"
BAD = {
    "N1": ["This sounds like alopecia areata.", "You probably have pattern hair loss."],
    "N2": ["Take 5 mg each night.", "Apply it to the scalp twice a day."],
    "N3": ["You should stop taking your tablets.", "Start using the foam."],
    "N4a": ["The hair will grow back.", "It will work in six months."],
    "N4b": ["Results are guaranteed."],
    "N4c": ["This can cure baldness."],
    "N4d": ["It gives permanent results."],
    "N5a": ["It is safe.", "The treatment is very safe for women."],
    "N5b": ["The therapy is FDA-approved.", "It has approval for hair loss."],
    "N5c": ["It is risk-free.", "There are no side effects."],
    "N5d": ["This is a proven therapy."],
    "N6": ["Book now and save."],
    "N6b": ["Rogaine may help."],
    "N8": ["Your own cells cannot harm you."],
    "N10": ["Please send me your photos."],
    "N11": ["I am a doctor.", "As your nurse I can say more."],
    "N13": ["PRP is better than minoxidil.", "It is the best treatment."],
    "N14": ["Hair pulling is a bad habit.", "It is your own fault."],
    "N15": ["Treatment is cheaper abroad."],
    "S1": ["It is a miracle.", "A breakthrough in science."],
    "S2": ["There is a good chance of regrowth."],
    "S3": ["Great news!"],
    "S4": ["It is a deadly risk."],
}
GOOD = [
    "Nobody can promise that it will work.",
    "It is not known whether it is safe.",
    "No stem cell product is approved by the FDA for hair loss.",
    "It is not a cure.",
    "Do not stop taking your medicine without asking.",
    "Own cells do not mean no risk.",
    "I am a computer program, not a doctor.",
    "It is not your fault.",
    "No one can say which is the best treatment for you.",
    "Something may keep new hair from growing.",
]

# answer key, a text that keeps the rule, what to take out to break it
RULES = [
    (
        "G1",
        "research/does_it_work",
        "The aim is new hair. Small studies. It is not approved. Results vary. See a dermatologist.",
        "Small studies.",
    ),
    (
        "G2",
        "benefits/natural_regrowth",
        "It may look natural, but trials did not measure it.",
        ", but trials did not measure it",
    ),
    (
        "G3",
        "causes/alopecia_term",
        "Alopecia is the general word. Alopecia areata is one type.",
        "the general word",
    ),
    ("G4", "causes/hair_pulling", "There is help, and it is not a bad habit.", "not "),
    (
        "G5",
        "causes/cancer_treatment",
        "It usually comes back but can be permanent. Ask your cancer team.",
        "Ask your cancer team.",
    ),
    (
        "G6b",
        "providers/manufacturers",
        "They serve drug companies, not patients. See a doctor.",
        "See a doctor.",
    ),
    ("G7", "research/adipose_study", "A lotion with a donor extract, 38 people, 16 weeks.", "38 people, "),
    ("G7b", "research/own_cells_study", "The article does not name it.", "does not name it"),
    ("G8", "cost/price", "The articles give no price. Typically quoted: $3,000.", "Typically quoted: "),
    ("G9", "therapy/cell_sources", "The two articles differ.", "differ"),
    (
        "G10",
        "risks/overview",
        "Infection and bleeding can happen. Long-term effects are not known.",
        "Infection and ",
    ),
]


def never_rules(tiny, sentence):
    """The ids of the never-rules that `sentence` breaks."""
    tiny.replace(FAQ, "The hair mostly comes back over the next months.", sentence)
    return {problem.what.split()[1] for problem in wording.never_list_is_kept(Project.load(tiny.root))}


@pytest.mark.parametrize(
    ("rule", "sentence"), [(rule, text) for rule, texts in BAD.items() for text in texts]
)
def test_forbidden_sentence_is_named(tiny, rule, sentence):
    assert rule in never_rules(tiny, sentence)


@pytest.mark.parametrize("sentence", GOOD)
def test_careful_sentence_is_left_alone(tiny, sentence):
    assert never_rules(tiny, sentence) == set()


def test_every_never_rule_has_a_bad_sentence(tiny):
    assert {rule.id for rule in Project.load(tiny.root).never} == set(BAD)


def answer_rules_broken(tiny, key, text):
    """The ids of the answer rules broken by an answer `key` that says `text`."""
    topic = key.split("/")[0]
    tiny.replace(FAQ, "utter_causes/men:", f"utter_{key}:")
    lines = (tiny.root / FAQ).read_text(encoding="utf-8")
    start = lines.index("Many men lose hair as")
    end = lines.index("    metadata:", start)
    tiny.write(f"data/faq/{topic}.yml", f"{lines[:start]}{text}\n{lines[end:]}")
    if topic != "causes":
        (tiny.root / FAQ).unlink()
    return {problem.what.split()[1] for problem in wording.answer_rules_are_kept(Project.load(tiny.root))}


@pytest.mark.parametrize(("rule", "key", "text", "needed"), RULES)
def test_answer_that_keeps_its_rule_passes(tiny, rule, key, text, needed):
    assert rule not in answer_rules_broken(tiny, key, text)


@pytest.mark.parametrize(("rule", "key", "text", "needed"), RULES)
def test_answer_that_breaks_its_rule_is_named(tiny, rule, key, text, needed):
    assert needed in text
    assert rule in answer_rules_broken(tiny, key, text.replace(needed, ""))


def test_makers_of_cell_products_are_never_advised(tiny):
    text = "Look for a cell and gene contract manufacturing firm."
    assert "G6" in answer_rules_broken(tiny, "providers/find", text)


def test_every_answer_rule_has_an_example(tiny):
    assert {rule.id for rule in Project.load(tiny.root).answer_rules} == {rule for rule, *_ in RULES} | {"G6"}
