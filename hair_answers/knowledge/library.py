"""Everything the bot knows, loaded once: answers, sources, studies, claims, treatments, clinic and voice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from hair_answers.knowledge.answers import Answer, load_answers
from hair_answers.knowledge.claims import Claim, load_claims
from hair_answers.knowledge.clinic import Clinic, load_clinic
from hair_answers.knowledge.problem import ContentError, Problem, Report
from hair_answers.knowledge.sources import Source, load_sources
from hair_answers.knowledge.studies import Study, by_answer, load_studies
from hair_answers.knowledge.treatments import Treatment, load_treatments
from hair_answers.knowledge.voice import Utterance, load_voice

PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Library:
    """The whole knowledge, read-only; keys are the stable names of the content files."""

    root: Path
    answers: Mapping[str, Answer]
    sources: Mapping[str, Source]
    studies: Mapping[str, Study]
    claims: Mapping[str, Claim]
    treatments: Mapping[str, Treatment]
    clinic: Clinic
    voice: Mapping[str, Utterance]
    by_aspect: Mapping[tuple[str, str], Answer] = field(repr=False)
    by_title: Mapping[str, Answer] = field(repr=False)

    @classmethod
    def load(cls, root: Path | str) -> Library:
        """Load the project below `root`; raises ContentError with file, key and cure of every fault."""
        problems: list[Problem] = []
        library = cls.read(Path(root).resolve(), problems.append)
        for field_name in ("sources", "related", "lists"):
            problems.extend(library.dangling(field_name))
        if problems:
            raise ContentError(problems)
        return library

    @classmethod
    def read(cls, root: Path, report: Report) -> Library:
        """Load what can be loaded and report the rest: what the content check works on."""
        answers = {answer.key: answer for answer in load_answers(root, report)}
        return cls(
            root=root,
            answers=answers,
            sources=load_sources(root, report),
            studies=load_studies(root, report),
            claims=load_claims(root, report),
            treatments=load_treatments(root, report),
            clinic=load_clinic(root, report),
            voice=load_voice(root, report),
            by_aspect={(answer.subject, answer.aspect): answer for answer in answers.values()},
            by_title={answer.title.casefold(): answer for answer in answers.values()},
        )

    def dangling(self, field_name: str) -> Iterator[Problem]:
        """Names in `sources`, `related` or `lists` of an answer that lead nowhere."""
        sources = field_name == "sources"
        known: Mapping[str, object] = self.sources if sources else self.answers
        place = "in evidence/sources.yml" if sources else "an answer"
        for answer in self.answers.values():
            for name in dict.fromkeys(getattr(answer, field_name)):
                if name not in known:
                    what = f"{field_name} names {name!r}, which is not {place}"
                    cure = "correct the name, remove it, or add what is missing"
                    yield Problem(answer.file, answer.line, answer.key, what, cure)

    @classmethod
    def default(cls) -> Library:
        """The project this package belongs to, loaded once per process."""
        return _default()

    def answer(self, key: str) -> Answer | None:
        """The answer with this key."""
        return self.answers.get(key)

    def about(self, subject: str, aspect: str) -> Answer | None:
        """The answer about one aspect of one subject."""
        return self.by_aspect.get((subject, aspect))

    def aspects(self, subject: str) -> dict[str, Answer]:
        """Every aspect known of a subject, in file order."""
        return {answer.aspect: answer for answer in self.answers.values() if answer.subject == subject}

    def titled(self, title: str) -> Answer | None:
        """The answer with this title, whatever its upper and lower case."""
        return self.by_title.get(title.strip().casefold())

    def topics(self) -> dict[str, tuple[Answer, ...]]:
        """The answers by topic, in file order."""
        topics: dict[str, list[Answer]] = {}
        for answer in self.answers.values():
            topics.setdefault(answer.topic, []).append(answer)
        return {topic: tuple(answers) for topic, answers in topics.items()}

    def sources_of(self, answer: Answer) -> tuple[Source, ...]:
        """An answer's sources in its own order."""
        return tuple(self.sources[key] for key in answer.sources if key in self.sources)

    def studies_of(self, key: str) -> tuple[Study, ...]:
        """The studies the answer `key` rests on."""
        return by_answer(self.studies).get(key, ())

    def claims_of(self, key: str) -> tuple[Claim, ...]:
        """The article claims the answer `key` carries or corrects."""
        return tuple(claim for claim in self.claims.values() if key in claim.answers)


@lru_cache(maxsize=1)
def _default() -> Library:
    return Library.load(PROJECT)
