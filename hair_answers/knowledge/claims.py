"""Every claim of the two articles with its verdict and the answers that carry it (evidence/claims.yml)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hair_answers.knowledge.fields import Fields
from hair_answers.knowledge.problem import Report
from hair_answers.knowledge.yaml_file import read_yaml

VERDICTS = ("ok", "ok_with_caveat", "overstated", "wrong", "opinion", "unidentifiable", "not_a_claim")
FIELDS = ("id", "article", "claim", "verdict", "note", "answers")


@dataclass(frozen=True)
class Claim:
    """One claim of an article in our own words; `answers` are the keys that carry or correct it."""

    id: str
    article: str
    claim: str
    verdict: str
    note: str
    answers: tuple[str, ...]
    file: str
    line: int


def load_claims(root: Path, report: Report) -> dict[str, Claim]:
    """Every claim by its id, e.g. `A16`, in file order."""
    path = root / "evidence" / "claims.yml"
    file = read_yaml(path, root)
    rows = file.data if isinstance(file.data, list) else []
    if not isinstance(file.data, list):
        report(file.problem("claims", "is not a list", "write each claim as `- id: A01` and its fields"))
    claims: dict[str, Claim] = {}
    for index, row in enumerate(rows):
        fields = Fields(file, (index,), str(row.get("id", index)) if isinstance(row, dict) else str(index),
                        row if isinstance(row, dict) else {}, report)  # fmt: skip
        fields.refuse_unknown(FIELDS)
        claim = Claim(
            id=fields.text("id"),
            article=fields.choice("article", ("A", "B"), "A"),
            claim=fields.text("claim"),
            verdict=fields.choice("verdict", VERDICTS, "opinion"),
            note=fields.text("note", required=False),
            answers=fields.texts("answers"),
            file=file.name,
            line=file.line(index),
        )
        if claim.id in claims:
            fields.complain("id", f"{claim.id} is used twice", "give each claim its own id")
        claims[claim.id] = claim
    return claims
