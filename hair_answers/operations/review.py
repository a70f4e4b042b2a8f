"""`make review`: go through unanswered questions; a decision becomes a phrase with its test, or a to-do."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import LiteralScalarString

from hair_answers.knowledge.library import Library
from hair_answers.nlu.encoder import SentenceEncoder
from hair_answers.operations.clusters import Cluster, cluster, unanswered
from hair_answers.operations.settings import archives, conversations, parser, run_command
from hair_answers.operations.turns import read_turns

DECISIONS = Path(".state/reviewed_questions.jsonl")  # what was decided, so that nothing is asked twice
WANTED = Path(".state/wanted_answers.jsonl")
REGRESSIONS = Path("tests/nlu/reviewed_questions.yml")  # question: key, checked against the matcher
HELP = "Enter = take the suggestion; a key such as cost/price = teach that; n = new answer wanted; r = reject; q = stop"

Ask = Callable[[str], str]


def decided(path: Path = DECISIONS) -> set[str]:
    """The questions somebody has decided on before."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return {json.loads(line)["question"] for line in lines}


def note(path: Path, question: str, decision: str) -> None:
    """Remember a decision."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"question": question, "decision": decision}, ensure_ascii=False) + "\n")


def teach(root: Path, key: str, question: str) -> None:
    """Add the question as a phrase of the key in data/faq, and as a case of the regression test."""
    path = root / "data" / "faq" / f"{key.partition('/')[0]}.yml"
    writer: Any = YAML()  # keeps comments and quotes as they are
    writer.preserve_quotes, writer.width = True, 10_000
    data = writer.load(path.read_text(encoding="utf-8"))
    entry = next(entry for entry in data["nlu"] if entry["intent"] == key)
    phrases = str(entry["examples"])
    if f"- {question}\n" not in phrases:
        entry["examples"] = LiteralScalarString(f"{phrases.rstrip()}\n- {question}\n")
        draft = path.with_suffix(".part")
        with draft.open("w", encoding="utf-8") as file:
            writer.dump(data, file)
        os.replace(draft, path)
    cases = root / REGRESSIONS
    known = (yaml.safe_load(cases.read_text(encoding="utf-8")) or {}) if cases.exists() else {}
    known[question] = key
    cases.parent.mkdir(parents=True, exist_ok=True)
    cases.write_text(yaml.safe_dump(known, allow_unicode=True, width=1000), encoding="utf-8")


def plain(question: str) -> str:
    """The question as a phrase: one line, nothing that YAML or Rasa would read as more than words."""
    words = "".join(" " if letter in "[](){}|\n\r\t" else letter for letter in question)
    return " ".join(words.split()).strip("-# ")[:200]


def walk(root: Path, clusters: Sequence[Cluster], library: Library, ask: Ask) -> dict[str, int]:
    """Ask about each cluster in turn; return how many decisions of each kind."""
    counts = {"taught": 0, "wanted": 0, "rejected": 0}
    for number, found in enumerate(clusters, 1):
        print(f"\n[{number}/{len(clusters)}] asked {found.count} times by {found.people} people:")
        for question in found.questions[:8]:
            print(f"   {question}")
        suggestion = library.answer(found.suggestion)
        print(f"   nearest: {found.suggestion} ({suggestion.title})" if suggestion else "   nearest: none")
        decision = _decision(ask, library, found.suggestion if suggestion else "")
        if decision == "q":
            break
        questions = [plain(question) for question in found.questions]
        if decision == "r":
            counts["rejected"] += 1
        elif decision == "n":
            note(root / WANTED, questions[0], "wanted")
            counts["wanted"] += 1
        else:
            for question in questions:
                # What was redacted teaches nothing, and a phrase must read as people type.
                if question and "[" not in found.questions[questions.index(question)]:
                    teach(root, decision, question)
            counts["taught"] += 1
        for question in found.questions:
            note(root / DECISIONS, question, decision)
    return counts


def _decision(ask: Ask, library: Library, suggestion: str) -> str:
    """r, n, q or the key of an answer; asks again until it is one of them."""
    while True:
        given = ask("> ").strip() or suggestion
        if given in ("r", "n", "q") or library.answer(given):
            return given
        print(f"   {given!r} is no answer's key. {HELP}")


def review(arguments: Sequence[str] | None = None) -> int:
    """Walk the clusters on the terminal."""
    options = parser("Decide on unanswered questions.")
    options.add_argument("--days", type=int, default=30)
    given = options.parse_args(arguments)
    turns = read_turns(conversations(given.endpoints), archives(given.endpoints), given.days)
    known = decided()
    open_turns = [turn for turn in unanswered(turns) if " ".join(turn.text.lower().split()) not in known]
    if not open_turns:
        print("No open questions.")
        return 0
    encoder = SentenceEncoder()
    clusters = cluster(open_turns, lambda texts: encoder.encode_many(list(texts)))
    print(HELP)
    try:
        counts = walk(Path.cwd(), clusters, Library.default(), input)
    except (EOFError, KeyboardInterrupt):
        print("\nStopped. What you decided so far is kept.")
        return 0
    print(
        f"\nTaught {counts['taught']}, new answers wanted {counts['wanted']}, rejected {counts['rejected']}."
    )
    print("Next: make content-check, then make train.")
    return 0


if __name__ == "__main__":
    sys.exit(run_command(review))
