"""The review calendar, soonest first: python -m hair_answers.content_tools.content_due [--within DAYS]"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby
from pathlib import Path

from hair_answers.knowledge import Answer, ContentError, Library
from hair_answers.knowledge.library import PROJECT


def main(arguments: Sequence[str] | None = None, today: date | None = None) -> int:
    """0; 1 when the content cannot be read."""
    parser = argparse.ArgumentParser(prog="content_due", description=__doc__)
    parser.add_argument("--within", type=int, metavar="DAYS", help="only what is due within this many days")
    parser.add_argument("--root", type=Path, default=PROJECT)
    options = parser.parse_args(arguments)
    try:
        answers = Library.load(options.root).answers.values()
    except ContentError as error:
        print(error, file=sys.stderr)
        return 1
    lines = list(calendar(answers, today or date.today(), options.within))
    print("\n".join(lines) if lines else "Nothing is due.")
    return 0


def calendar(answers: Iterable[Answer], today: date, within: int | None = None) -> Iterable[str]:
    """Lines by month: date, days left (or overdue), key, title, and whether a clinician has signed."""
    due = sorted(answers, key=lambda answer: (answer.next_review, answer.key))
    wanted = [answer for answer in due if within is None or answer.days_to_review(today) <= within]
    for month, group in groupby(wanted, key=lambda answer: answer.next_review.strftime("%B %Y")):
        yield month
        for answer in group:
            days = answer.days_to_review(today)
            left = f"{-days} days overdue" if days < 0 else f"in {days} days"
            signed = (
                f"signed by {answer.clinical_review.name}" if answer.clinical_review else "not signed yet"
            )
            yield f"  {answer.next_review}  {left:<17}  {answer.key:<42}  {answer.title} ({signed})"


if __name__ == "__main__":
    sys.exit(main())
