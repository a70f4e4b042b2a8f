"""The bibliography, evidence/sources.yml: every source an answer may name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from hair_answers.knowledge.answers import UNDATED
from hair_answers.knowledge.fields import Fields
from hair_answers.knowledge.problem import Report
from hair_answers.knowledge.yaml_file import expect_mapping, read_yaml

STATUSES = ("verified", "mirror", "weak", "article")
FIELDS = ("title", "publisher", "url", "accessed", "status", "shown")


@dataclass(frozen=True)
class Source:
    """One source; `shown` says whether patients may be given its link (copies on odd hosts are not)."""

    key: str
    title: str
    publisher: str
    url: str
    accessed: date
    status: str
    shown: bool
    file: str
    line: int


def load_sources(root: Path, report: Report) -> dict[str, Source]:
    """Every source by its key, e.g. `S46`; the two articles are `A` and `B`."""
    file = read_yaml(root / "evidence" / "sources.yml", root)
    sources: dict[str, Source] = {}
    for key, row in expect_mapping(file, report).items():
        if not isinstance(row, dict):
            report(file.problem(str(key), f"is {row!r}, not a source", f"give it {', '.join(FIELDS)}", key))
            continue
        fields = Fields(file, (key,), str(key), row, report)
        fields.refuse_unknown(FIELDS)
        sources[str(key)] = Source(
            key=str(key),
            title=fields.text("title"),
            publisher=fields.text("publisher"),
            url=_link(fields),
            accessed=fields.day("accessed", UNDATED),
            status=fields.choice("status", STATUSES, "weak"),
            shown=fields.flag("shown", True),
            file=file.name,
            line=file.line(key),
        )
    return sources


def _link(fields: Fields) -> str:
    """A web address; only the articles and sources never shown may go without."""
    hidden = fields.data.get("shown") is False or fields.data.get("status") == "article"
    url = fields.text("url", required=not hidden)
    if url and not url.startswith(("https://", "http://")):
        fields.complain("url", f"is {url!r}", "start it with https://")
    return url
