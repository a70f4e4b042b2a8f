"""Print a table per file and every problem with its cure; exit 1 when there is one."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path

from hair_answers.knowledge.content_check import Project, check_root
from hair_answers.knowledge.library import PROJECT
from hair_answers.knowledge.problem import Problem

COLUMNS = ("file", "answers", "phrases", "worst grade", "sources", "days to review")


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when all is well, 1 when there are problems."""
    parser = argparse.ArgumentParser(prog="content_check", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON document for other programs")
    parser.add_argument("--root", type=Path, default=PROJECT, help="the project to check (default: this one)")
    parser.add_argument(
        "files", nargs="*", metavar="FILE", help="show these files only, e.g. data/faq/cost.yml"
    )
    options = parser.parse_args(arguments)
    root = options.root.resolve()
    project, problems = check_root(root)
    rows = table(project, date.today()) if project else []
    if options.files:
        wanted = {_name(root, name) for name in options.files}
        rows = [row for row in rows if row[0] in wanted]
        problems = [problem for problem in problems if problem.file in wanted]
    sys.stdout.write(as_json(rows, problems) if options.json else as_text(rows, problems))
    return 1 if problems else 0


def table(project: Project, today: date) -> list[tuple[str, ...]]:
    """One row per topic file, in the order of COLUMNS."""
    rows: list[tuple[str, ...]] = []
    for file in project.topic_files:
        answers = [answer for answer in project.answers if answer.file == file.name]
        keys = [
            key for key in project.grades if key.removesuffix(" more") in {answer.key for answer in answers}
        ]
        worst = max(keys, key=project.grades.__getitem__, default=None)
        rows.append(
            (
                file.name,
                str(len(answers)),
                str(sum(len(answer.phrases) for answer in answers)),
                f"{project.grades[worst]:.1f} {worst.split('/', 1)[1]}" if worst else "-",
                str(len({source for answer in answers for source in answer.sources})),
                str(min((answer.days_to_review(today) for answer in answers), default="-")),
            )
        )
    return rows


def as_text(rows: Sequence[tuple[str, ...]], problems: Sequence[Problem]) -> str:
    """The table and the problems for a person."""
    widths = [max(map(len, column)) for column in zip(COLUMNS, *rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in (COLUMNS, *rows)
    ]
    said = [str(problem) for problem in problems]
    end = f"{len(problems)} problem{'' if len(problems) == 1 else 's'}" if problems else "No problems."
    return "\n".join([*(line.rstrip() for line in lines), "", *said, end, ""])


def as_json(rows: Sequence[tuple[str, ...]], problems: Sequence[Problem]) -> str:
    """The same for another program."""
    files = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    return (
        json.dumps(
            {"files": files, "problems": [asdict(problem) for problem in problems]}, ensure_ascii=False
        )
        + "\n"
    )


def _name(root: Path, name: str) -> str:
    """A file as messages name it, whether given from the project or from anywhere."""
    path = Path(name)
    full = (
        path if path.is_absolute() else (Path.cwd() / path if (Path.cwd() / path).exists() else root / path)
    )
    return full.resolve().relative_to(root).as_posix() if full.resolve().is_relative_to(root) else name


if __name__ == "__main__":
    sys.exit(main())
