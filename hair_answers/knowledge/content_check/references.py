"""Checks that every name leads somewhere: sources, related answers, lists, claims, studies, dates."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from urllib.parse import urlparse

from hair_answers.knowledge.answers import Answer
from hair_answers.knowledge.clinic import PLACEHOLDERS
from hair_answers.knowledge.content_check.plain_text import links
from hair_answers.knowledge.content_check.project import Project
from hair_answers.knowledge.problem import Problem

ARTICLES = {"A", "B"}
NOT_MEDICAL = {"about", "safety", "providers/this_clinic"}  # the last speaks from clinic.yml
CLAIM_IDS = tuple(f"A{number:02}" for number in range(1, 34)) + tuple(
    f"B{number:02}" for number in range(1, 40)
)
LISTS = {
    "causes/overview": (
        "causes/pattern_baldness", "causes/cancer_treatment", "causes/alopecia_areata", "causes/hair_pulling",
        "causes/stress",
    ),
    "procedure/overview": (
        "procedure/harvesting", "procedure/processing", "procedure/injection", "procedure/regrowth",
    ),
    "benefits/overview": (
        "benefits/minimally_invasive", "benefits/natural_regrowth", "benefits/low_side_effects",
        "benefits/long_term_potential",
    ),
    "drawbacks/overview": (
        "drawbacks/varied_effectiveness", "drawbacks/cost", "drawbacks/limited_availability",
        "drawbacks/needs_research",
    ),
}  # fmt: skip


def sources_resolve(project: Project) -> Iterator[Problem]:
    """Every source key of an answer is in the bibliography, once."""
    yield from project.library.dangling("sources")
    for answer in project.answers:
        if len(set(answer.sources)) < len(answer.sources):
            yield project.problem(answer, "names a source twice", "keep each source once")


def medical_answers_have_sources(project: Project) -> Iterator[Problem]:
    """Nothing medical without a source."""
    for answer in project.answers:
        if not {answer.topic, answer.key} & NOT_MEDICAL and not answer.sources:
            yield project.problem(
                answer, "has no source", "name the source of its facts, e.g. sources: [S46]"
            )


def origin_fits_sources(project: Project) -> Iterator[Problem]:
    """`article` rests on an article alone, `public` on none, `both` on each kind: patients see the label."""
    for answer in project.answers:
        if answer.topic in NOT_MEDICAL or not answer.sources:
            continue
        kinds = (bool(ARTICLES & set(answer.sources)), bool(set(answer.sources) - ARTICLES))
        right = {(True, False): "article", (False, True): "public", (True, True): "both"}[kinds]
        if answer.origin != right:
            what = f"origin is {answer.origin} but its sources are {', '.join(answer.sources)}"
            yield project.problem(answer, what, f"write origin: {right}, or correct the sources")


def related_answers_exist(project: Project) -> Iterator[Problem]:
    """2 to 4 related answers, each existing, none twice, not the answer itself."""
    yield from project.library.dangling("related")
    for answer in project.answers:
        yield from _needless(project, answer, "related", answer.related)
        if not 2 <= len(answer.related) <= 4:
            yield project.problem(
                answer, f"has {len(answer.related)} related answers", "name 2 to 4, the best next step first"
            )


def lists_exist(project: Project) -> Iterator[Problem]:
    """Every key an overview lists has an answer."""
    yield from project.library.dangling("lists")
    for answer in project.answers:
        yield from _needless(project, answer, "lists", answer.lists)


def overviews_are_complete(project: Project) -> Iterator[Problem]:
    """G11, G12: steps, benefits, drawbacks and causes are listed whole and in order."""
    for key, wanted in LISTS.items():
        answer = project.library.answer(key)
        if answer is None:
            continue
        if tuple(item for item in answer.lists if item in wanted) != wanted:
            yield project.problem(
                answer, "its lists are not complete or not in order", f"write lists: [{', '.join(wanted)}]"
            )
    for answer in project.answers:
        items = len(re.findall(r"^\s*(?:-|\d+\.)\s", answer.text, flags=re.MULTILINE))
        if answer.lists and items and items != len(answer.lists):
            what = f"names {items} things in its text and {len(answer.lists)} in its lists"
            yield project.problem(answer, what, "make both the same, in the same order")


def subject_and_aspect_are_unique(project: Project) -> Iterator[Problem]:
    """Follow-ups find an answer by subject and aspect: two with the same pair hide each other."""
    yield from _unique(project, lambda answer: f"{answer.subject} / {answer.aspect}", "subject / aspect")


def titles_are_unique(project: Project) -> Iterator[Problem]:
    """Two buttons must never read the same."""
    yield from _unique(project, lambda answer: answer.title.casefold(), "title")


def placeholders_are_known(project: Project) -> Iterator[Problem]:
    """Only what clinic.yml can fill stands in braces."""
    for answer in project.answers:
        said = " ".join(
            [answer.text, answer.more, answer.brief, answer.title, str(answer.extra.get("again", ""))]
        )
        for name in re.findall(r"\{([^}]*)\}", said):
            if name not in PLACEHOLDERS:
                cure = f"use one of: {', '.join(PLACEHOLDERS)}"
                yield project.problem(answer, f"{{{name}}} is not a placeholder the bot can fill", cure)


def links_are_sources(project: Project) -> Iterator[Problem]:
    """A link in an answer goes to a host of the bibliography that patients may be shown."""
    hosts = {urlparse(source.url).netloc for source in project.library.sources.values() if source.shown}
    for answer in project.answers:
        for address in links(answer.text + answer.more):
            if not address.startswith(("https://", "{")) or (
                address[0] != "{" and urlparse(address).netloc not in hosts
            ):
                cure = "link a source of evidence/sources.yml with shown: true, over https"
                yield project.problem(answer, f"links to {address}", cure)


def dates_make_sense(project: Project) -> Iterator[Problem]:
    """The next review comes after the last, within a year, and no review lies in the future."""
    today = date.today()
    for answer in project.answers:
        if answer.next_review <= answer.reviewed:
            what = f"next_review {answer.next_review} is not after reviewed {answer.reviewed}"
            yield project.problem(answer, what, "set next_review to the date of the next check")
        elif (answer.next_review - answer.reviewed).days > 366:
            yield project.problem(
                answer, "waits more than a year for its next review", "choose an earlier next_review"
            )
        if answer.reviewed > today:
            yield project.problem(
                answer, f"was reviewed in the future ({answer.reviewed})", "write the day of the review"
            )


def claims_are_mapped(project: Project) -> Iterator[Problem]:
    """Every claim of both articles is there, and one answer that cites the article carries or corrects it."""
    claims, answers = project.library.claims, project.library.answers
    for missing in (claim_id for claim_id in CLAIM_IDS if claim_id not in claims):
        yield Problem(
            "evidence/claims.yml", 0, missing, "is missing", "add the claim with its verdict and answers"
        )
    for claim in claims.values():
        for key in claim.answers:
            if key not in answers:
                cure = "correct the key or write the answer"
                yield Problem(claim.file, claim.line, claim.id, f"names {key}, which has no answer", cure)
        if claim.verdict in ("opinion", "not_a_claim"):
            continue
        if not any(claim.article in answers[key].sources for key in claim.answers if key in answers):
            what = f"no answer that cites article {claim.article} carries it"
            cure = f"map it to an answer with {claim.article} among its sources, or add the source there"
            yield Problem(claim.file, claim.line, claim.id, what, cure)


def study_names_resolve(project: Project) -> Iterator[Problem]:
    """Studies and treatments name sources and answers that exist."""
    sources, answers = project.library.sources, project.library.answers
    for study in project.library.studies.values():
        for kind, names, known in (("source", (study.source,), sources), ("answer", study.answers, answers)):
            for name in names:
                if name not in known:
                    yield Problem(
                        study.file,
                        study.line,
                        study.key,
                        f"{kind} {name!r} does not exist",
                        "correct the name",
                    )
    for treatment in project.library.treatments.values():
        if treatment.answer and treatment.answer not in answers:
            what = f"answer {treatment.answer!r} does not exist"
            yield Problem(treatment.file, treatment.line, treatment.key, what, "correct the name")
        for aspect, cell in treatment.cells.items():
            for name in cell.sources:
                if name not in sources:
                    what = f"{aspect}: source {name!r} does not exist"
                    yield Problem(treatment.file, treatment.line, treatment.key, what, "correct the name")


def _needless(project: Project, answer: Answer, field: str, keys: tuple[str, ...]) -> Iterator[Problem]:
    """Keys that stand twice, or are the answer itself."""
    for key in dict.fromkeys(keys):
        if key == answer.key or keys.count(key) > 1:
            yield project.problem(answer, f"{field} names {key} needlessly", "remove it")


def _unique(project: Project, name_of: Callable[[Answer], str], label: str) -> Iterator[Problem]:
    """Answers that share what must be unique."""
    first: dict[str, Answer] = {}
    for answer in project.answers:
        name = name_of(answer)
        other = first.setdefault(name, answer)
        if other is not answer:
            what = f"has the same {label} as {other.key} ({name})"
            yield project.problem(answer, what, f"give one of them another {label}")
