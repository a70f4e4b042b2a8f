"""What was made quick or small says exactly what it said before."""

from __future__ import annotations

import csv
from array import array
from pathlib import Path

import numpy as np
import spacy
from rasa.shared.core.domain import Domain
from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc

from benchmarks.sources import ROOT
from hair_answers.nlu import language_guess, safety_rules, safety_text
from hair_answers.nlu.phrase_kernel import WEIGHTS, PhraseKernel
from hair_answers.nlu.safety_reader import SafetyReader
from hair_answers.operations import fast_domain


class Stored:
    """A model store of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read_from(self, _: object) -> Stored:
        return self

    def __enter__(self) -> Path:
        return self.folder

    def __exit__(self, *_: object) -> None:
        pass


def test_the_stored_domain_is_read_as_rasa_reads_it(tmp_path: Path) -> None:
    Domain.load(ROOT / "domain.yml").persist(tmp_path / fast_domain.STORED)
    from rasa.graph_components.providers.domain_provider import DomainProvider

    quick = fast_domain.load(DomainProvider, {}, Stored(tmp_path), None, None).provide_inference()
    assert quick.as_dict() == Domain.from_path(tmp_path).as_dict()
    assert quick.fingerprint() == Domain.from_path(tmp_path).fingerprint()


def test_signs_are_found_as_spacy_finds_them() -> None:
    reader = SafetyReader(safety_rules.load())
    vocab = spacy.blank("en").vocab
    matcher = PhraseMatcher(vocab, attr="ORTH")
    for words in reader._slots:
        matcher.add(" ".join(words), [Doc(vocab, words=list(words))])
    with (ROOT / "tests" / "safety" / "tuning.tsv").open(encoding="utf-8") as file:
        messages = [row["text"] for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]
    for message in messages:
        text = safety_text.read(message, reader._vocabulary)
        spans = {span for found in reader._hits(text).values() for span in found}
        doc = Doc(vocab, words=list(text.words))
        assert spans == {(start, end) for _, start, end in matcher(doc)}, message


def test_a_table_on_disk_reads_like_the_one_in_memory() -> None:
    for code in "HI":
        table = array(code, range(3000))
        on_disk = language_guess._on_disk(table)
        assert list(on_disk) == list(table)
        assert on_disk[2999] == 2999


def test_one_text_is_read_as_the_vectorizers_read_it() -> None:
    phrases = [
        "does it hurt",
        "is it it it painful",
        "how much is it",
        "price of prp",
        "will my hair grow back",
    ]
    kernel = PhraseKernel.fit(phrases, np.eye(5, 384, dtype=np.float32))
    nothing = np.zeros(384, np.float32)
    for text in [*phrases, "does the price hurt hurt hurt", "zzz", ""]:
        characters = kernel.characters.transform([text]) @ kernel.character_columns
        words = kernel.words.transform([text]) @ kernel.word_columns
        expected = WEIGHTS["characters"] * characters.toarray()[0] + WEIGHTS["words"] * words.toarray()[0]
        assert np.allclose(kernel.similarities(text, nothing), expected, atol=1e-6)
