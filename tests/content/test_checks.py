"""Every check names the fault planted for it: file, line, key, and what is wrong."""

import hashlib

import pytest

from hair_answers.knowledge.content_check import CHECKS, Project, check, references, structure, wording

FAQ = "data/faq/causes.yml"
FIRST = (
    "Stress can make hair shed. Doctors call it telogen effluvium. "
    "It often starts two or three months after a shock."
)
TWO_PHRASES = "    - why stress hair question\n    - when stress hair question\n"
HARD = "Considerable physiological perturbations precipitate disproportionate deterioration."
NEW_ANSWER = """  utter_causes/{name}:
  - text: |
      {text}
    metadata:
      title: {name}
      subject: {name}
      aspect: definition
      brief: Short
      {more}
      origin: both
      sources: [A, B, S46]
      evidence: moderate
      reviewed: 2026-01-10
      next_review: 2026-07-10
      clinical_review: pending
      related: [causes/women, causes/men]
"""

# check, the fault (file, old text, new text), the problem's key, part of its message
FAULTS = [
    (
        structure.fields_are_valid,
        (FAQ, "evidence: moderate", "evidence: strong"),
        "causes/stress",
        "'strong'",
    ),
    (
        structure.fields_are_valid,
        (FAQ, "reviewed: 2026-01-10", "reviewed: last week"),
        "causes/stress",
        "'last week'",
    ),
    (
        structure.fields_are_valid,
        (FAQ, "      title: Stress and hair\n", ""),
        "causes/stress",
        "`title` is missing",
    ),
    (
        structure.fields_are_valid,
        (FAQ, "clinical_review: pending", "clinical_review: yes"),
        "causes/stress",
        "clinical",
    ),
    (structure.fields_are_valid, ("clinic.yml", "region: US", "region: USA"), "clinic", "'USA'"),
    (structure.fields_are_valid, ("evidence/sources.yml", "status: weak", "status: meh"), "S50", "'meh'"),
    (
        structure.fields_are_valid,
        ("evidence/studies.yml", "people: 12", "people: twelve"),
        "leaf_2020",
        "'twelve'",
    ),
    (
        structure.fields_are_valid,
        ("data/voice.yml", "- text: Hello", "- text: 'Hello"),
        "file",
        "not valid YAML",
    ),
    (structure.top_level_keys_are_known, (FAQ, "\nresponses:", "\nrespones:"), "respones", "not a section"),
    (structure.version_is_set, (FAQ, 'version: "3.1"', 'version: "2.0"'), "version", "'2.0'"),
    (
        structure.keys_appear_once,
        (FAQ, "      aspect: def", "      subject: x\n      aspect: def"),
        "subject",
        "twice",
    ),
    (
        structure.responses_are_defined_once,
        ("domain.yml", "intents:", "responses:\n  utter_welcome:\n  - text: Hi\nintents:"),
        "utter_welcome",
        "is also in data/voice.yml",
    ),
    (
        structure.responses_are_defined_once,
        ("data/voice.yml", "responses:", "responses:\n  utter_causes/men:\n  - text: Hi"),
        "utter_causes/men",
        "is also in",
    ),
    (
        structure.topics_match_their_file,
        (FAQ, "- intent: causes/men", "- intent: risks/men"),
        "risks/men",
        "not belong",
    ),
    (
        structure.answers_have_phrases,
        (FAQ, "- intent: causes/men", "- intent: causes/boys"),
        "causes/men",
        "no phrases",
    ),
    (
        structure.phrases_have_answers,
        (FAQ, "- intent: causes/men", "- intent: causes/boys"),
        "causes/boys",
        "no answer",
    ),
    (
        structure.phrases_belong_to_one_key,
        (FAQ, "- why women hair question", "- Why, STRESS hair question?"),
        "causes/women",
        "is already in data/faq/causes.yml:7 (causes/stress)",
    ),
    (
        structure.metadata_is_known,
        (FAQ, "origin: both", "origin: both\n      autor: me"),
        "causes/stress",
        "`autor`",
    ),
    (
        structure.required_keys_exist,
        ("hair_answers/knowledge/required_keys.txt", "causes/men", "causes/men\ncauses/ageing"),
        "causes/ageing",
        "is missing",
    ),
    (references.sources_resolve, (FAQ, "[A, B, S46]", "[A, B, S99]"), "causes/stress", "'S99'"),
    (references.sources_resolve, (FAQ, "[A, B, S46]", "[A, B, S46, S46]"), "causes/stress", "a source twice"),
    (references.medical_answers_have_sources, (FAQ, "[A, B, S46]", "[]"), "causes/stress", "no source"),
    (
        references.origin_fits_sources,
        (FAQ, "origin: both", "origin: article"),
        "causes/stress",
        "origin is article",
    ),
    (
        references.related_answers_exist,
        (FAQ, "[causes/women", "[causes/wimmen"),
        "causes/stress",
        "causes/wimmen",
    ),
    (
        references.related_answers_exist,
        (FAQ, "[causes/women, causes/men]", "[causes/men]"),
        "causes/stress",
        "has 1",
    ),
    (
        references.related_answers_exist,
        (FAQ, "[causes/women", "[causes/stress"),
        "causes/stress",
        "needlessly",
    ),
    (
        references.lists_exist,
        (FAQ, "related:", "lists: [causes/gone]\n      related:"),
        "causes/stress",
        "causes/gone",
    ),
    (
        references.overviews_are_complete,
        (FAQ, "related:", "lists: [causes/women, causes/men]\n      related:"),
        "causes/stress",
        "names 3 things in its text and 2 in its lists",
    ),
    (
        references.subject_and_aspect_are_unique,
        (FAQ, "subject: women", "subject: stress"),
        "causes/women",
        "stress",
    ),
    (
        references.titles_are_unique,
        (FAQ, "title: Hair loss in men", "title: Hair loss IN women"),
        "causes/men",
        "title",
    ),
    (
        references.placeholders_are_known,
        (FAQ, "See a doctor", "See {clinic_nmae}"),
        "causes/stress",
        "{clinic_nmae}",
    ),
    (
        references.links_are_sources,
        (FAQ, "See a doctor", "See [this](https://shop.example/page)"),
        "causes/stress",
        "https://shop.example/page",
    ),
    (
        references.links_are_sources,
        (FAQ, "See a doctor", "See [x](http://leaflet.example/page)"),
        "causes/stress",
        "http:",
    ),
    (
        references.dates_make_sense,
        (FAQ, "next_review: 2026-07-10", "next_review: 2025-07-10"),
        "causes/stress",
        "not after",
    ),
    (
        references.dates_make_sense,
        (FAQ, "next_review: 2026-07-10", "next_review: 2029-07-10"),
        "causes/stress",
        "a year",
    ),
    (
        references.dates_make_sense,
        (FAQ, "reviewed: 2026-01-10", "reviewed: 2226-01-10"),
        "causes/stress",
        "future",
    ),
    (references.claims_are_mapped, ("evidence/claims.yml", "id: A07", "id: A70"), "A07", "is missing"),
    (
        references.claims_are_mapped,
        ("evidence/claims.yml", "answers: [causes/stress]", "answers: [causes/strees]"),
        "A01",
        "names causes/strees",
    ),
    (
        references.claims_are_mapped,
        ("evidence/claims.yml", "answers: [causes/stress]", "answers: []"),
        "A01",
        "no answer that cites article A",
    ),
    (
        references.study_names_resolve,
        ("evidence/studies.yml", "source: S46", "source: S99"),
        "leaf_2020",
        "'S99'",
    ),
    (
        references.study_names_resolve,
        ("evidence/treatments.yml", "[S46]", "[S99]"),
        "waiting",
        "cost: source 'S99'",
    ),
    (
        references.study_names_resolve,
        ("evidence/treatments.yml", "causes/stress", "causes/x"),
        "waiting",
        "'causes/x'",
    ),
    (
        wording.titles_are_short,
        (FAQ, "title: Stress and hair", "title: Stress and hair, and all that may come of it"),
        "causes/stress",
        "characters",
    ),
    (
        wording.briefs_are_short,
        (FAQ, "brief: Stress", f"brief: {'so ' * 30}stress"),
        "causes/stress",
        "characters",
    ),
    (wording.phrases_are_enough, (FAQ, TWO_PHRASES, ""), "causes/stress", "14"),
    (wording.answers_have_a_good_length, (FAQ, FIRST, "word " * 80), "causes/stress", "words"),
    (
        wording.answers_have_a_good_length,
        (FAQ, "origin:", "more: Too short.\n      origin:"),
        "causes/stress",
        "more has 2",
    ),
    (wording.sentences_are_short, (FAQ, FIRST, "Stress and a shock " * 6), "causes/stress", "24 words"),
    (wording.paragraphs_are_short, (FAQ, FIRST, f"{FIRST} It can be slow."), "causes/stress", "4 sentences"),
    (
        wording.answers_read_easily,
        (FAQ, FIRST, HARD),
        "causes/stress",
        "US grade",
    ),
    (wording.markup_is_plain, (FAQ, "Stress can make", "## Stress can make"), "causes/stress", "a heading"),
    (wording.markup_is_plain, (FAQ, "Stress can make", "<b>Stress</b> can make"), "causes/stress", "HTML"),
    (wording.markup_is_plain, (FAQ, "Stress can make", "**Stress can make"), "causes/stress", "odd number"),
    (
        wording.never_list_is_kept,
        (FAQ, "The hair mostly comes", "The hair will grow back. It comes"),
        "causes/stress",
        "N4a",
    ),
    (
        wording.nothing_is_copied,
        (FAQ, FIRST, "one two three four five six seven eight"),
        "causes/stress",
        "eight words",
    ),
]


@pytest.mark.parametrize(("one", "fault", "key", "message"), FAULTS)
def test_names_the_planted_fault(tiny, one, fault, key, message):
    if one is references.overviews_are_complete:
        tiny.replace(FAQ, FIRST, "Three things:\n\n      1. One\n      2. Two\n      3. Three")
    if one is wording.nothing_is_copied:
        copied = hashlib.sha256(b"pepper one two three four five six seven eight").hexdigest()[:12]
        tiny.write("evidence/article_ngrams.txt", f"salt: pepper\n{copied}\n")
    tiny.replace(*fault)
    found = [problem for problem in one(Project.load(tiny.root)) if problem.key.startswith(key)]
    assert any(message in problem.what for problem in found), found
    assert all(problem.cure for problem in found)


def test_every_check_has_a_planted_fault():
    assert {one for one, *_ in FAULTS} == set(CHECKS) - {wording.answer_rules_are_kept}


def test_the_tiny_project_is_valid(tiny):
    assert check(Project.load(tiny.root)) == []


def test_a_problem_names_file_and_line(tiny):
    tiny.replace(FAQ, "evidence: moderate", "evidence: strong")
    lines = (tiny.root / FAQ).read_text(encoding="utf-8").splitlines()
    (problem,) = check(Project.load(tiny.root))
    assert problem.file == FAQ
    assert lines[problem.line - 1].strip() == "evidence: strong"


def test_many_faults_in_one_copy_are_all_named(tiny):
    faults = [
        fault for one, fault, *_ in FAULTS if one in (references.sources_resolve, wording.titles_are_short)
    ]
    tiny.replace(*faults[0])
    tiny.replace(*faults[-1])
    tiny.replace("data/voice.yml", "- text: Hello", "- text: 'Hello")
    tiny.replace("evidence/claims.yml", "id: B39", "id: B93")
    keys = {problem.key for problem in check(Project.load(tiny.root))}
    assert {"causes/stress", "file", "B39"} <= keys


@pytest.mark.parametrize("key", sorted(references.LISTS))
def test_an_overview_that_leaves_one_out_is_named(tiny, key):
    topic = key.split("/")[0]
    name = f"data/faq/{topic}.yml"
    answer = NEW_ANSWER.format(name="overview", text="Some text.", more="lists: [causes/men]").replace(
        "causes/ov", f"{topic}/ov"
    )
    if topic == "causes":
        tiny.replace(name, "responses:\n", f"responses:\n{answer}")
    else:
        tiny.write(name, f'version: "3.1"\nresponses:\n{answer}')
    found = list(references.overviews_are_complete(Project.load(tiny.root)))
    assert [problem.key for problem in found] == [key]
    assert references.LISTS[key][0] in found[0].cure
