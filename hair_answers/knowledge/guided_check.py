"""The guided check: reads what was chosen and writes notes for a visit. It never gives a verdict."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from hair_answers.knowledge.bubble import Bubble
from hair_answers.knowledge.library import Library

RULES = Path(__file__).with_name("guided_check.yml")
ANSWER = "suitability/is_it_right_for_me"
Option = dict[str, Any]


@lru_cache(maxsize=1)
def rules() -> dict[str, Any]:
    """Return guided_check.yml."""
    data: dict[str, Any] = yaml.safe_load(RULES.read_text(encoding="utf-8"))
    return data


def slots() -> tuple[str, ...]:
    """Return the questions' slots, in order."""
    return tuple(rules()["slots"])


def titles(slot: str) -> tuple[str, ...]:
    """Return what the buttons of one question say."""
    return tuple(option["title"] for option in rules()["slots"][slot]["options"])


def wants_to_stop(text: str) -> bool:
    """Tell "stop" and its like."""
    return " ".join(re.findall(r"[a-z']+", text.lower())) in rules()["stop_words"]


def read(slot: str, text: str) -> list[str]:
    """Return the codes a reply chooses: a button, free words, a number of years; empty when it is no reply."""
    question = rules()["slots"][slot]
    low = text.lower().strip()
    options: list[Option] = question["options"]
    exact = [option for option in options if option["title"].lower() == low]
    found = exact or _by_age(options, low) or [option for option in options if _mentions(option, low)]
    if len(found) > 1:
        found = (
            [option for option in found if not option.get("none")] if question.get("several") else found[:1]
        )
    return [option["code"] for option in found]


def _mentions(option: Option, low: str) -> bool:
    return any(re.search(rf"\b{re.escape(word)}\b", low) for word in option["words"])


def _by_age(options: Sequence[Option], low: str) -> list[Option]:
    if not any("from" in option for option in options) or not (number := re.search(r"\b\d{1,3}\b", low)):
        return []
    return [
        option for option in options if option.get("from", 1) <= int(number.group()) <= option.get("to", 0)
    ]


def notes(chosen: Mapping[str, Sequence[str]], raised: Iterable[str], library: Library) -> Bubble:
    """Return the notes for a visit: what was said, what comes first, what is weighed, what to ask.

    `chosen` holds codes by slot; `raised` the safety answers given on the way.
    """
    picked = [(slot, option) for slot in slots() for option in _options(slot, chosen.get(slot, ()))]
    flags = dict.fromkeys([*(option["flag"] for _, option in picked if option.get("flag")), *raised])
    reads = dict.fromkeys(key for _, option in picked for key in option["read"])
    said = [_said(slot, chosen.get(slot, ())) for slot in slots()]
    shown = [*flags, *rules()["first"], *reads, *rules()["weighed"], *rules()["ask"]]
    sources = dict.fromkeys(s for key in shown if (answer := library.answer(key)) for s in answer.sources)
    values = {
        "said": "\n".join(said),
        "first": _lines([*flags, *rules()["first"]], library),
        "read": _lines([*reads, *rules()["weighed"]], library),
        "ask": _lines(rules()["ask"], library),
    }
    extra = {"sources": tuple(sources), "private": True, "printable": True}
    return Bubble("utter_guided_check_notes", values, ANSWER, ANSWER, (*rules()["chips"],), extra)


def _options(slot: str, codes: Sequence[str]) -> list[Option]:
    return [option for option in rules()["slots"][slot]["options"] if option["code"] in codes]


def _said(slot: str, codes: Sequence[str]) -> str:
    names = rules()["between"].join(option["title"] for option in _options(slot, codes))
    return str(rules()["said"].format(label=rules()["slots"][slot]["label"], titles=names))


def _lines(keys: Iterable[str], library: Library) -> str:
    known = [answer for key in dict.fromkeys(keys) if (answer := library.answer(key))]
    return "\n".join(rules()["line"].format(title=a.title, brief=a.brief.rstrip(".")) for a in known)
