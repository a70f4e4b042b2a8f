"""Salted digests of the articles' eight-word runs, so that the project holds no article.

Usage: python -m hair_answers.content_tools.article_ngrams ARTICLE… > evidence/article_ngrams.txt
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from hair_answers.knowledge.content_check.plain_text import digest, runs

SALT = "hair-answers"
HEADING = "# Digests of the articles' eight-word runs: a copied sentence is found without the articles."


def digest_lines(texts: Sequence[str], salt: str = SALT) -> list[str]:
    """The file's lines: heading, salt, and the digests in order of their value."""
    found = {digest(run, salt) for text in texts for run in runs(text)}
    return [HEADING, f"salt: {salt}", *sorted(found)]


def main(paths: Sequence[str]) -> int:
    """Print the digests of the article files at `paths`."""
    if not paths:
        sys.stderr.write(__doc__ or "")
        return 2
    print("\n".join(digest_lines([Path(path).read_text(encoding="utf-8") for path in paths])))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
