"""The curated answers of data/faq: one Rasa file per topic, phrases and answer side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from hair_answers.knowledge.fields import Fields
from hair_answers.knowledge.problem import ContentError, Problem, Report
from hair_answers.knowledge.yaml_file import YamlFile, expect_mapping, read_yaml

ORIGINS = ("article", "public", "both")
EVIDENCE = ("established", "moderate", "early", "expert", "none")
METADATA = (
    "title", "subject", "aspect", "brief", "more", "origin", "sources", "evidence",
    "reviewed", "next_review", "clinical_review", "related", "lists",
)  # fmt: skip
PENDING = "pending"
UNDATED = date(1970, 1, 1)
PREFIX = "utter_"

Phrases = tuple[tuple[str, int], ...]  # phrases with their line numbers


@dataclass(frozen=True)
class ClinicalReview:
    """A clinician's signature on an answer."""

    name: str
    role: str
    date: date


@dataclass(frozen=True)
class Answer:
    """One curated answer; `extra` holds further metadata such as the tier of a safety answer."""

    key: str
    topic: str
    title: str
    subject: str
    aspect: str
    text: str
    brief: str
    more: str
    origin: str
    sources: tuple[str, ...]
    evidence: str
    reviewed: date
    next_review: date
    clinical_review: ClinicalReview | None
    related: tuple[str, ...]
    lists: tuple[str, ...]
    phrases: tuple[str, ...]
    extra: Mapping[str, Any]
    file: str
    line: int
    phrase_lines: tuple[int, ...] = field(repr=False)

    @property
    def response(self) -> str:
        """Name of the Rasa response, e.g. `utter_causes/stress`."""
        return PREFIX + self.key

    def days_to_review(self, today: date) -> int:
        """Days until the next review; negative when it is overdue."""
        return (self.next_review - today).days


def topic_files(folder: Path) -> list[Path]:
    """The topic files of data/faq in alphabetical order."""
    return sorted(folder.glob("*.yml"))


def load_answers(root: Path, report: Report) -> list[Answer]:
    """Every answer of data/faq; faults are reported and read as harmless values, so that all show at once."""
    answers: list[Answer] = []
    for path in topic_files(root / "data" / "faq"):
        try:
            answers.extend(read_topic(read_yaml(path, root), report))
        except ContentError as error:
            report(error.problems[0])
    seen: dict[str, Answer] = {}
    for answer in answers:
        first = seen.setdefault(answer.key, answer)
        if first is not answer:
            report(
                Problem(
                    answer.file, answer.line, answer.key,
                    f"is already answered in {first.file}:{first.line}; Rasa would silently keep one",
                    "keep one of the two",
                )
            )  # fmt: skip
    return list(seen.values())


def read_topic(file: YamlFile, report: Report) -> Iterator[Answer]:
    """The answers of one topic file, in file order."""
    data = expect_mapping(file, report)
    phrases = dict(read_phrases(file, data))
    responses = data.get("responses") or {}
    if not isinstance(responses, dict):
        report(
            file.problem(
                "responses", f"is a {type(responses).__name__}", "write named answers below it", "responses"
            )
        )
        return
    for name, variations in responses.items():
        if isinstance(name, str) and name.startswith(PREFIX) and "/" in name:
            yield _read_answer(file, name, variations, phrases.get(name.removeprefix(PREFIX), ()), report)
        else:
            cure = f"name it utter_{Path(file.name).stem}/<answer>"
            report(file.problem(str(name), "is not an answer's name", cure, "responses", name))


def read_phrases(file: YamlFile, data: Mapping[str, Any]) -> Iterator[tuple[str, Phrases]]:
    """Every intent of a Rasa file with its phrases and their line numbers."""
    nlu = data.get("nlu")
    for index, block in enumerate(nlu if isinstance(nlu, list) else []):
        if not isinstance(block, dict) or "intent" not in block:
            continue
        examples = block.get("examples")
        start = file.line("nlu", index, "examples") + 1
        lines = examples.splitlines() if isinstance(examples, str) else []
        yield (
            str(block["intent"]),
            tuple(
                (text.strip().removeprefix("- ").strip(), start + offset)
                for offset, text in enumerate(lines)
                if text.strip().startswith("-") and text.strip(" -")
            ),
        )


def _read_answer(file: YamlFile, name: str, variations: Any, phrases: Phrases, report: Report) -> Answer:
    """One answer; `variations` is the list below the response's name and must hold exactly one."""
    key = name.removeprefix(PREFIX)
    here = ("responses", name)
    if not (isinstance(variations, list) and len(variations) == 1 and isinstance(variations[0], dict)):
        report(
            file.problem(
                key, "does not hold exactly one answer", "write one `- text: |` with its `metadata:`", *here
            )
        )
        variations = variations if isinstance(variations, list) and variations else [{}]
    body = variations[0] if isinstance(variations[0], dict) else {}
    meta = body.get("metadata")
    if not isinstance(meta, dict):
        report(
            file.problem(key, "has no `metadata:`", "copy the metadata of a neighbouring answer", *here, 0)
        )
        meta = {}
    fields = Fields(file, (*here, 0, "metadata"), key, meta, report)
    return Answer(
        key=key,
        topic=key.split("/", 1)[0],
        title=fields.text("title", key),
        subject=fields.text("subject", key),
        aspect=fields.text("aspect", "definition"),
        text=Fields(file, (*here, 0), key, body, report).text("text"),
        brief=fields.text("brief"),
        more=fields.text("more", required=False),
        origin=fields.choice("origin", ORIGINS, "public"),
        sources=fields.texts("sources", required=True),
        evidence=fields.choice("evidence", EVIDENCE, "none"),
        reviewed=fields.day("reviewed", UNDATED),
        next_review=fields.day("next_review", UNDATED),
        clinical_review=_clinical_review(fields),
        related=fields.texts("related"),
        lists=fields.texts("lists"),
        phrases=tuple(text for text, _ in phrases),
        phrase_lines=tuple(line for _, line in phrases),
        extra={name: value for name, value in meta.items() if name not in METADATA},
        file=file.name,
        line=file.line(*here),
    )


def _clinical_review(fields: Fields) -> ClinicalReview | None:
    """None while pending, else who signed (name, role, date)."""
    value = fields.data.get("clinical_review")
    if value == PENDING:
        return None
    if isinstance(value, dict):
        signed = Fields(fields.file, (*fields.path, "clinical_review"), fields.key, value, fields.report)
        signed.refuse_unknown(("name", "role", "date"))
        return ClinicalReview(signed.text("name"), signed.text("role"), signed.day("date", UNDATED))
    cure = "write pending, or {name: …, role: …, date: YYYY-MM-DD} of the clinician who signed"
    fields.complain("clinical_review", f"is {value!r}", cure)
    return None
