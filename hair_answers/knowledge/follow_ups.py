"""Finds what a follow-up asks: the subject in focus, a new aspect, a place in a list, or the last answer itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from hair_answers.knowledge.answers import Answer
from hair_answers.knowledge.bubble import Bubble, curated
from hair_answers.knowledge.context import Context, topic
from hair_answers.knowledge.library import Library
from hair_answers.knowledge.treatments import Cell

RULES = Path(__file__).with_name("follow_ups.yml")
STARTERS = ("therapy/what_is", "causes/overview", "procedure/overview", "alternatives/overview")
MAIN_ASPECTS = ("definition", "overview", "effectiveness", "steps", "evidence", "treatment")
Names = Sequence[tuple[str, str]]  # (kind, value) of the names in a message, in order


@lru_cache(maxsize=1)
def rules() -> dict[str, Any]:
    """Return follow_ups.yml."""
    data: dict[str, Any] = yaml.safe_load(RULES.read_text(encoding="utf-8"))
    return data


@dataclass(frozen=True)
class Found:
    """What answers an aspect of a subject: an answer's key, or a comparison's cell; `exact` or the nearest."""

    key: str
    exact: bool = True
    cell: Cell | None = None


def values(names: Names, kind: str) -> list[str]:
    """Return the values of one kind of name, in order, without repeats."""
    return list(dict.fromkeys(value for found, value in names if found == kind))


def subject_class(subject: str, library: Library) -> str:
    """Return "therapy", "cause", "treatment" or "aside"."""
    if subject in rules()["aside_subjects"]:
        return "aside"
    if subject == rules()["subject"] or rules()["part_of"].get(subject) == rules()["subject"]:
        return "therapy"
    topics = {answer.topic for answer in library.answers.values() if answer.subject == subject}
    if "causes" in topics:
        return "cause"
    return "treatment" if topics & {"alternatives", "therapy"} else "aside"


def main_answer(subject: str, library: Library) -> Answer | None:
    """Return the answer that says what the subject is."""
    treatment = library.treatments.get(subject)
    if treatment and (answer := library.answer(treatment.answer)):
        return answer
    known = library.aspects(subject)
    return next(
        (known[aspect] for aspect in MAIN_ASPECTS if aspect in known), next(iter(known.values()), None)
    )


def label(subject: str, library: Library) -> str:
    """Return the subject as a sentence names it."""
    known: Mapping[str, str] = rules()["subject_labels"]
    answer = main_answer(subject, library)
    return known.get(subject) or (answer.title.lower() if answer else subject.replace("_", " "))


def find_aspect(subject: str, kind: str, library: Library) -> Found:
    """Return what answers one kind of question about one subject: the aspect, its whole, a cell, or the nearest."""
    rule = rules()["kinds"][kind]
    group = subject_class(subject, library)
    if exact := _exact(subject, kind, library):
        return exact
    if (
        group == "cause"
        and kind in rules()["general_kinds"]
        and (found := _exact("hair_loss", kind, library))
    ):
        return found
    if group in ("therapy", "aside") or subject in rules()["general_subjects"]:
        return Found(rule["default"])
    nearest = rule["nearest"].get(group, "default")
    main = main_answer(subject, library)
    key = rule["default"] if nearest == "default" or main is None else main.key
    return Found(key, exact=False)


def _exact(subject: str, kind: str, library: Library) -> Found | None:
    """Return the aspect of the subject, of the whole it is part of, or of its comparison cells."""
    rule = rules()["kinds"][kind]
    for aspect in rule["aspects"]:
        seen = subject
        while seen:
            if answer := library.about(seen, aspect):
                return Found(answer.key)
            seen = rules()["part_of"].get(seen, "")
    treatment = library.treatments.get(subject)
    for name in rule["cells"] if treatment else ():
        cell = treatment.cells.get(name) if treatment else None
        if treatment and cell and cell.sources:
            return Found(treatment.answer, cell=cell)
    return None


def focus_subject(context: Context, library: Library) -> str | None:
    """Return the subject that "it" refers to, or None when nothing particular is in focus."""
    if context.subject:
        return context.subject
    for key in context.recent:
        answer = library.answer(key)
        if answer is None:
            continue
        if subject_class(answer.subject, library) == "aside":
            return None
        return answer.subject
    return None


# Full questions that leave their subject out ---------------------------------------------------------------------


def settle(key: str, text: str, names: Names, context: Context, library: Library) -> str:
    """Return the key to speak for a full question: the focus takes the place of a subject left unsaid.

    "How many sessions would I need?" after PRP is PRP's question. A question that names its own subject, or that the
    focus has no answer to, keeps its own key.
    """
    answer = library.answer(key)
    if answer is None or answer.subject not in rules()["general_subjects"] or text.strip() == key:
        return key
    named = [name for name in values(names, "subject")]
    if named:
        particular = [name for name in named if name not in rules()["general_subjects"]]
        if len(named) == 1 and particular:
            other = library.about(particular[0], answer.aspect)
            return other.key if other else key
        return key
    focus = focus_subject(context, library)
    if focus is None or focus == "hair_loss" or subject_class(focus, library) == "therapy":
        return key
    if _points_at_therapy(text, focus, library):
        return key
    kind = rules()["aspect_kinds"].get(answer.aspect, answer.aspect)
    aspects = rules()["kinds"].get(kind, {}).get("aspects", [answer.aspect])
    wanted = dict.fromkeys([answer.aspect, *aspects])
    other = next((found for aspect in wanted if (found := library.about(focus, aspect))), None)
    return other.key if other else key


def _points_at_therapy(text: str, focus: str, library: Library) -> bool:
    """Tell whether words such as "the injections" mean the therapy although a cause was spoken of."""
    if subject_class(focus, library) == "treatment":
        return False
    return any(re.search(rf"\b{re.escape(word)}\b", text, re.IGNORECASE) for word in rules()["therapy_words"])


# Follow-ups ----------------------------------------------------------------------------------------------------------


def reply(kind: str, names: Names, context: Context, library: Library) -> list[Bubble]:
    """Return what to say to `follow_up/<kind>`."""
    if kind in rules()["kinds"]:
        return ask_aspect(kind, names, context, library)
    handler = HANDLERS.get(kind)
    if handler is None:
        raise ValueError(f"no follow-up is called {kind!r}. Cure: add it to HANDLERS in follow_ups.py")
    return handler(names, context, library)


def ask_aspect(kind: str, names: Names, context: Context, library: Library) -> list[Bubble]:
    """One aspect of the subject named, else of the one in focus, else of the therapy."""
    subjects = values(names, "subject")
    particular = [name for name in subjects if name not in rules()["general_subjects"]]
    subject = next(iter([*particular, *subjects]), None) or focus_subject(context, library)
    if kind == "why" and not subjects and context.focus:
        return _why(context.focus, library)
    if subject is None:
        return [curated(rules()["kinds"][kind]["default"])]
    return _speak(find_aspect(subject, kind, library), subject, kind, context, library)


def _speak(found: Found, subject: str, kind: str, context: Context, library: Library) -> list[Bubble]:
    if found.cell:
        name = label(subject, library)
        fact = {
            "subject": name[:1].upper() + name[1:],
            "aspect": rules()["kinds"][kind]["label"],
            "fact": found.cell.text,
        }
        extra = {"sources": found.cell.sources}
        return [Bubble("utter_short_fact", fact, found.key, found.key, _next_keys(found.key, library), extra)]
    if found.exact:
        return [curated(found.key)]
    if rules()["kinds"][kind]["nearest"].get(subject_class(subject, library)) == "source" and context.focus:
        title = {"title": library.answers[context.focus].title}
        return [Bubble("utter_source", title, context.focus, context.focus, extra={"part": "source"})]
    missing = {"aspect": rules()["kinds"][kind]["label"], "subject": label(subject, library)}
    # The nearest answer may be about something else: the subject spoken of stays the one asked about.
    asked: dict[str, Any] = {"lead_in": True, "subject": subject}
    return [Bubble("utter_no_aspect", missing, found.key, extra=asked), curated(found.key)]


def _why(key: str, library: Library) -> list[Bubble]:
    """Why the last answer is as it is: its own reason, the subject's reason, else what more there is."""
    answer = library.answers[key]
    if target := rules()["why_after"].get(key):
        return [curated(target)]
    group = subject_class(answer.subject, library)
    if group != "therapy" and answer.aspect != "why":
        found = find_aspect(answer.subject, "why", library)
        if found.exact and found.key != key:
            return _speak(found, answer.subject, "why", Context(), library)
    return _more_of(answer, library)


def _more_of(answer: Answer, library: Library) -> list[Bubble]:
    if answer.more:
        chips = _next_keys(answer.key, library)
        return [Bubble("utter_more", {"more": answer.more}, answer.key, answer.key, chips, {"part": "more"})]
    return [_said_all(answer, library)]


def _said_all(answer: Answer, library: Library) -> Bubble:
    chips = answer.lists or answer.related
    return Bubble("utter_said_all", {"title": answer.title}, answer.key, chips=chips)


def _next_keys(key: str, library: Library) -> tuple[str, ...]:
    answer = library.answer(key)
    return answer.related if answer else ()


def tell_more(names: Names, context: Context, library: Library) -> list[Bubble]:
    """The second layer of the last answer, or of the subject named; after that, where to go next."""
    subjects = values(names, "subject")
    if subjects and (answer := main_answer(subjects[-1], library)) and answer.key not in context.recent:
        return [curated(answer.key)]
    answer = _last_answer(context, library)
    if answer is None:
        return [no_context()]
    return [_said_all(answer, library)] if "more" in context.last.parts else _more_of(answer, library)


def _last_answer(context: Context, library: Library) -> Answer | None:
    return next((answer for key in context.spoken if (answer := library.answer(key))), None)


def no_context() -> Bubble:
    """Say that "it" has no meaning yet."""
    return Bubble("utter_no_context", answer="fallback/no_context", chips=STARTERS)


def say_simpler(names: Names, context: Context, library: Library) -> list[Bubble]:
    """The last answer in one line."""
    answer = _last_answer(context, library)
    if answer is None:
        return [no_context()]
    line = {"title": answer.title, "brief": answer.brief.rstrip(".")}
    return [Bubble("utter_in_short", line, answer.key, answer.key, answer.related, {"part": "brief"})]


def repeat(names: Names, context: Context, library: Library) -> list[Bubble]:
    """Everything the last turn answered, once more; after an offer, the offer."""
    if context.last.candidates:
        return [offer(context.last.candidates)]
    keys = [key for key in dict.fromkeys(context.last.answers) if library.answer(key)]
    last = _last_answer(context, library)
    return [curated(key) for key in keys] or ([curated(last.key)] if last else [no_context()])


def offer(candidates: Iterable[str]) -> Bubble:
    """Ask which of some answers was meant."""
    keys = tuple(candidates)
    extra = {"candidates": list(keys), "none_of_these": True}
    return Bubble("utter_did_you_mean", answer="fallback/did_you_mean", chips=keys, extra=extra)


def clarify(names: Names, context: Context, library: Library) -> list[Bubble]:
    """What was meant: the last answer in one line, or the last offer again."""
    return (
        [offer(context.last.candidates)] if context.last.candidates else say_simpler(names, context, library)
    )


def change_subject(names: Names, context: Context, library: Library) -> list[Bubble]:
    """Let go of the subject."""
    return [Bubble("utter_something_else", answer="follow_up/something_else", chips=STARTERS)]


def not_what_i_asked(names: Names, context: Context, library: Library) -> list[Bubble]:
    """The next best readings of the message before, without what was answered."""
    heard = {*context.last.answers, *context.last.candidates}
    last = _last_answer(context, library)
    likely = (*context.last.understood, *(last.related if last else ()))
    keys = [key for key in dict.fromkeys(likely) if key not in heard and library.answer(key)]
    if not keys:
        return [Bubble("utter_rephrase", answer="fallback/rephrase", chips=STARTERS)]
    extra = {"candidates": keys[:3], "none_of_these": True}
    return [Bubble("utter_misread", answer="fallback/did_you_mean", chips=tuple(keys[:3]), extra=extra)]


# Lists ---------------------------------------------------------------------------------------------------------------


def current_list(names: Names, context: Context, library: Library) -> Answer | None:
    """Return the overview meant: by its noun ("step"), else the one last spoken of or walked through."""
    for part in values(names, "part"):
        if part in rules()["lists"]:
            return library.answer(rules()["lists"][part])
    overviews = [answer for answer in library.answers.values() if answer.lists]
    for key in context.recent:
        answer = library.answer(key)
        if answer and answer.lists:
            return answer
        inside = [one for one in overviews if key in one.lists]
        if inside:
            # An answer may stand in two lists: the one that was shown is meant.
            return next((one for one in inside if one.key in context.recent), inside[0])
    return None


def pick_ordinal(names: Names, context: Context, library: Library) -> list[Bubble]:
    """ "The second one", "step 3", "the last benefit": of an offer just made, else of the list in focus."""
    wanted = next(iter(values(names, "ordinal")), "")
    if context.last.candidates and not values(names, "part"):
        return _pick(wanted, context.last.candidates, offer(context.last.candidates))
    overview = current_list(names, context, library)
    if overview is None:
        return [no_context()]
    count = {"count": str(len(overview.lists)), "title": overview.title}
    missing = Bubble("utter_no_such_item", count, overview.key, chips=overview.lists)
    return _pick(wanted, overview.lists, missing)


def _pick(wanted: str, keys: Sequence[str], otherwise: Bubble) -> list[Bubble]:
    if wanted == "last":
        return [curated(keys[-1])]
    place = int(wanted) if wanted.isdigit() else 0
    return [curated(keys[place - 1])] if 0 < place <= len(keys) else [otherwise]


def show_list(names: Names, context: Context, library: Library) -> list[Bubble]:
    """The overview again."""
    overview = current_list(names, context, library) or library.answer("procedure/overview")
    return [curated(overview.key)] if overview else [no_context()]


def go_next(names: Names, context: Context, library: Library) -> list[Bubble]:
    """The next of the list; after the last, or outside a list, what the answer itself leads to."""
    return _move(+1, names, context, library)


def go_back(names: Names, context: Context, library: Library) -> list[Bubble]:
    """The one before in the list, else the answer before the last."""
    return _move(-1, names, context, library)


def _move(way: int, names: Names, context: Context, library: Library) -> list[Bubble]:
    overview = current_list(names, context, library)
    if overview:
        # What was spoken of last decides the place; the overview itself is place 0.
        places = [key for key in context.recent if key == overview.key or key in overview.lists]
        here = overview.lists.index(places[0]) + 1 if places and places[0] in overview.lists else 0
        there = here + way
        if 1 <= there <= len(overview.lists):
            return [curated(overview.lists[there - 1])]
        if there == 0 and here:
            return [curated(overview.key)]
        if there > len(overview.lists):
            last = library.answers[overview.lists[-1]]
            return [Bubble("utter_last_of_list", {"title": overview.title}, last.key, chips=last.related)]
    if way < 0 and len(context.spoken) > 1:
        return [curated(context.spoken[1])]
    last_answer = _last_answer(context, library)
    return [_said_all(last_answer, library)] if last_answer else [no_context()]


# A new subject under the aspect in focus ------------------------------------------------------------------------------


def new_subject(names: Names, context: Context, library: Library) -> list[Bubble]:
    """ "And for pattern baldness?": the aspect in focus, of the subject now named."""
    subject = next((s for s in values(names, "subject")), None)
    last = library.answer(context.focus or "")
    if subject is None:
        return _new_group(names, context, library, last)
    if last is None or last.subject == subject or last.aspect in MAIN_ASPECTS[:2]:
        answer = main_answer(subject, library)
        return [curated(answer.key)] if answer else [no_context()]
    if same := library.about(subject, last.aspect):
        return [curated(same.key)]
    kind = rules()["aspect_kinds"].get(last.aspect, last.aspect)
    group = subject_class(subject, library)
    if kind in rules()["kinds"]:
        found = find_aspect(subject, kind, library)
        fit = library.about(subject, "who_for")
        if not found.exact and group == "cause" and fit and subject_class(last.subject, library) == "therapy":
            return [curated(fit.key)]
        return _speak(found, subject, kind, context, library)
    fit = library.about(subject, "who_for") if group == "cause" and topic(last.key) == "suitability" else None
    answer = fit or main_answer(subject, library)
    return [curated(answer.key)] if answer else [no_context()]


def _new_group(names: Names, context: Context, library: Library, last: Answer | None) -> list[Bubble]:
    """Women, men, children, older people, or a source of cells, instead of a subject."""
    for kind in (
        *values(names, "sex"),
        *("children" if v == "children" else "age" for v in values(names, "age")),
    ):
        return ask_aspect(kind, [], context, library)
    if values(names, "cells"):
        return [curated("therapy/cell_sources")]
    if values(names, "region") and (answer := library.answer("regulation/other_countries")):
        return [curated(answer.key)]
    return [no_context()]


HANDLERS: dict[str, Callable[[Names, Context, Library], list[Bubble]]] = {
    "more": tell_more,
    "simpler": say_simpler,
    "repeat": repeat,
    "clarify": clarify,
    "something_else": change_subject,
    "not_what_i_asked": not_what_i_asked,
    "ordinal": pick_ordinal,
    "list": show_list,
    "next": go_next,
    "previous": go_back,
    "new_subject": new_subject,
}
