"""The importer reads data as Rasa does, with dates as text, and each set of files once."""

import os
from datetime import date

import pytest

from hair_answers.operations import content_importer
from hair_answers.operations.content_importer import ContentImporter, plain

TOPIC = """
version: "3.1"
nlu:
- intent: causes/stress
  examples: |
    - does stress thin hair
    - {phrase}
responses:
  utter_causes/stress:
  - text: It can.
    metadata:
      reviewed: 2026-11-22
      history: [2025-01-02, {{seen: 2024-03-04}}]
"""


@pytest.fixture
def importer(tmp_path):
    (tmp_path / "config.yml").write_text("recipe: default.v1\nlanguage: en\npipeline: []\npolicies: []\n")
    (tmp_path / "domain.yml").write_text('version: "3.1"\nintents: [causes]\n')
    (tmp_path / "causes.yml").write_text(TOPIC.format(phrase="worry and hair"))
    content_importer._read.cache_clear()
    return lambda: ContentImporter(
        str(tmp_path / "config.yml"), str(tmp_path / "domain.yml"), [str(tmp_path / "causes.yml")]
    )


def test_plain():
    assert plain({"a": [date(2026, 1, 2), 3, {"b": date(2025, 1, 1)}], "c": None}) == {
        "a": ["2026-01-02", 3, {"b": "2025-01-01"}],
        "c": None,
    }


def test_dates_become_text(importer):
    data = importer().get_nlu_data()
    metadata = data.responses["utter_causes/stress"][0]["metadata"]
    assert metadata == {"reviewed": "2026-11-22", "history": ["2025-01-02", {"seen": "2024-03-04"}]}
    assert {example.get_full_intent() for example in data.intent_examples} == {"causes/stress"}


def test_the_same_files_are_read_once_and_changed_ones_again(importer, tmp_path, monkeypatch):
    reads = []
    real = content_importer.utils.training_data_from_paths

    def counting(names, language):
        reads.append(names)
        return real(names, language)

    monkeypatch.setattr(content_importer.utils, "training_data_from_paths", counting)
    importer().get_nlu_data()
    importer().get_nlu_data()
    assert len(reads) == 1
    path = tmp_path / "causes.yml"
    path.write_text(TOPIC.format(phrase="grief and hair"))
    os.utime(path, (1, 1))
    texts = [example.get("text") for example in importer().get_nlu_data().intent_examples]
    assert len(reads) == 2
    assert "grief and hair" in texts
