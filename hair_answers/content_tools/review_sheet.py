"""One printable page of every answer for a clinician to sign.

Usage: python -m hair_answers.content_tools.review_sheet [FILE.html]
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup

from hair_answers.knowledge import ContentError, Library
from hair_answers.knowledge.content_check import Project
from hair_answers.knowledge.library import PROJECT

TEMPLATE = "review_sheet.html"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PDF_SECONDS = 180


def main(arguments: Sequence[str] | None = None, today: date | None = None) -> int:
    """0 when written; 1 when the content cannot be read."""
    parser = argparse.ArgumentParser(prog="review_sheet", description=__doc__)
    parser.add_argument(
        "file", type=Path, nargs="?", default=Path("review-sheet.html"), help="the page to write"
    )
    parser.add_argument("--topic", action="append", help="only this topic; may be given several times")
    parser.add_argument("--no-pdf", action="store_true", help="do not look for a browser that can print")
    parser.add_argument("--root", type=Path, default=PROJECT)
    options = parser.parse_args(arguments)
    try:
        project = Project.load(options.root.resolve())
        Library.load(options.root)
    except ContentError as error:
        print(error, file=sys.stderr)
        return 1
    topics = options.topic or list(project.library.topics())
    unknown = [topic for topic in topics if topic not in project.library.topics()]
    if unknown:
        print(f"{unknown[0]!r} is not a topic → use: {', '.join(project.library.topics())}", file=sys.stderr)
        return 1
    options.file.write_text(render(project, topics, today or date.today()), encoding="utf-8")
    print(f"Wrote {options.file}")
    if not options.no_pdf:
        print(print_pdf(options.file))
    return 0


def render(project: Project, topics: Sequence[str], today: date) -> str:
    """The page: every answer of `topics` with sources, grade, dates, claims carried and room to sign."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
    )
    markdown = MarkdownIt("commonmark", {"html": False})
    environment.filters["markdown"] = lambda text: Markup(markdown.render(text))  # noqa: S704 - html is off
    return environment.get_template(TEMPLATE).render(
        topics={topic: project.library.topics()[topic] for topic in topics},
        library=project.library,
        grades=project.grades,
        today=today,
    )


def print_pdf(page: Path) -> str:
    """Print `page` to a PDF beside it through a Chromium browser; says what was done, or why not."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        return "No PDF: no Chromium or Chrome found. Open the page in a browser and print it."
    target = page.with_suffix(".pdf").resolve()
    with tempfile.TemporaryDirectory() as profile:
        command = [
            browser, "--headless", "--disable-gpu", "--no-sandbox", f"--user-data-dir={profile}",
            "--no-pdf-header-footer", f"--print-to-pdf={target}", page.resolve().as_uri(),
        ]  # fmt: skip
        try:
            # The command is built from fixed arguments and our own paths, without a shell.
            subprocess.run(command, check=True, capture_output=True, timeout=PDF_SECONDS)  # noqa: S603
        except (subprocess.SubprocessError, OSError) as error:
            return f"No PDF: {Path(browser).name} could not print it ({error}). Print the page by hand."
    return f"Wrote {page.with_suffix('.pdf')}"


if __name__ == "__main__":
    sys.exit(main())
