"""Write how easily each topic's answers read: python -m hair_answers.content_tools.readability_table"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from hair_answers.knowledge.content_check import Project, check_root
from hair_answers.knowledge.content_check.plain_text import blocks, sentences, word_count
from hair_answers.knowledge.library import PROJECT

PAGE = Path("docs") / "readability.md"
AIM = 6.0  # US school grade; content_check refuses answers above 8
INTRODUCTION = """\
# How easily the answers read

US school grade by Flesch and Kincaid, as `make content-check` counts it: names of studies, medicines, helplines and
medical terms are left out. The aim is grade 6, and no answer may pass grade 8. A grade is a smoke alarm, not proof
that people understand: only readers can show that. `more` marks what "tell me more" says.

Written by `python -m hair_answers.content_tools.readability_table`; run it again after changing answers.
"""
SUMMARY = (
    "| topic | texts | median grade | highest grade | above 6 | median words | longest sentence |\n"
    "|---|---|---|---|---|---|---|"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """0; 1 when content_check finds a problem."""
    parser = argparse.ArgumentParser(prog="readability_table", description=__doc__)
    parser.add_argument("--root", type=Path, default=PROJECT)
    root = parser.parse_args(arguments).root
    project, problems = check_root(root)
    if project is None or problems:
        print(*problems, sep="\n", file=sys.stderr)
        return 1
    page = root / PAGE
    page.parent.mkdir(exist_ok=True)
    page.write_text(as_page(project), encoding="utf-8")
    print(f"{page.relative_to(root)}: {len(project.grades)} texts")
    return 0


def as_page(project: Project) -> str:
    """Return the whole page: a row per topic, then every text above the aim, hardest first."""
    hard = sorted(
        (key for key, value in project.grades.items() if value > AIM), key=lambda k: -project.grades[k]
    )
    rows = [f"| {key} | {project.grades[key]:.1f} |" for key in hard] or ["| none | |"]
    table = [SUMMARY, *summary(project)]
    above = [f"## Above grade {AIM:.0f}", "", "| text | grade |", "|---|---|", *rows]
    return "\n".join([INTRODUCTION, *table, "", *above, ""])


def summary(project: Project) -> Iterator[str]:
    """Yield one row per topic, then one for all, in the columns of SUMMARY."""
    texts = {answer.key: answer.text for answer in project.answers}
    texts |= {f"{answer.key} more": answer.more for answer in project.answers if answer.more}
    topics = sorted({key.partition("/")[0] for key in texts})
    for topic in (*topics, "**all**"):
        keys = [key for key in texts if topic == "**all**" or key.partition("/")[0] == topic]
        grades = {key: project.grades[key] for key in keys}
        worst = max(keys, key=grades.__getitem__)
        lengths = [[word_count(s) for block in blocks(texts[key]) for s in sentences(block)] for key in keys]
        yield (
            f"| {topic} | {len(keys)} | {median(grades.values()):.1f} | {grades[worst]:.1f} ({worst}) "
            f"| {sum(value > AIM for value in grades.values())} | {median(map(sum, lengths)):.0f} "
            f"| {max(map(max, lengths))} |"
        )


if __name__ == "__main__":
    sys.exit(main())
