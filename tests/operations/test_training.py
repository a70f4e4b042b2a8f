"""Training happens when something the model is made of has changed, and only then."""

import subprocess
import sys
import types

import pytest

from hair_answers.operations import training
from hair_answers.operations.check_model import read_matcher
from hair_answers.operations.training import MODEL, STAMP, TrainingFailed, is_current, recipe, train

FILES = {
    "config.yml": "pipeline: []\n",
    "domain.yml": "intents: []\n",
    "requirements.txt": "a==1\n",
    "data/faq/causes.yml": "nlu: []\n",
    "hair_answers/nlu/speller.py": "LIMIT = 4\n",
    "hair_answers/nlu/data/words.yml": "words: {}\n",
    "evidence/safety.yml": "rules: []\n",
    "README.md": "read me\n",
    "tests/test_it.py": "",
}


@pytest.fixture
def root(tmp_path):
    """A project whose model was made of what is there."""
    for name, content in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    (tmp_path / "models").mkdir()
    (tmp_path / MODEL).write_bytes(b"model")
    (tmp_path / STAMP).write_text(recipe(tmp_path) + "\n")
    return tmp_path


@pytest.fixture
def rasa(monkeypatch):
    """Stands in for the training command; records its calls."""
    calls = []

    def run(command, **settings):
        calls.append(command)
        (settings["cwd"] / MODEL.parent / f"{command[-1]}.tar.gz").write_bytes(b"new model")
        return types.SimpleNamespace(returncode=0, stdout="")

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(training.Library, "load", lambda root: None)
    return calls


def test_nothing_changed_trains_nothing(root, rasa):
    assert is_current(root)
    assert train(root) == root / MODEL
    assert rasa == []


@pytest.mark.parametrize("name", [name for name in FILES if name not in ("README.md", "tests/test_it.py")])
def test_a_changed_ingredient_trains_once(root, rasa, name):
    (root / name).write_text(FILES[name] + "# changed\n")
    assert not is_current(root)
    train(root)
    assert is_current(root)
    train(root)
    assert len(rasa) == 1
    assert rasa[0][:4] == [sys.executable, "-m", "rasa", "train"]


@pytest.mark.parametrize("name", ["README.md", "tests/test_it.py"])
def test_other_files_do_not_matter(root, name):
    (root / name).write_text("changed\n")
    assert is_current(root)


def test_a_moved_or_new_file_counts(root):
    (root / "data/faq/causes.yml").rename(root / "data/faq/moved.yml")
    assert not is_current(root)


def test_compiled_files_do_not_count(root):
    cache = root / "hair_answers/nlu/__pycache__"
    cache.mkdir()
    (cache / "speller.pyc").write_bytes(b"x")
    assert is_current(root)


@pytest.mark.parametrize("lost", [MODEL, STAMP])
def test_a_lost_file_trains_again(root, rasa, lost):
    (root / lost).unlink()
    train(root)
    assert len(rasa) == 1
    assert is_current(root)


def test_a_failed_training_leaves_no_stamp_of_success(root, monkeypatch):
    (root / "domain.yml").write_text("changed\n")
    monkeypatch.setattr(training.Library, "load", lambda root: None)
    failed = types.SimpleNamespace(returncode=1, stdout="what went wrong")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(TrainingFailed, match=r"(?s)what went wrong.*Cure:"):
        train(root)
    assert not is_current(root)


def test_faulty_content_stops_before_training(root, rasa, monkeypatch):
    from hair_answers.knowledge.problem import ContentError

    (root / "domain.yml").write_text("changed\n")

    def faulty(root):
        raise ContentError([])

    monkeypatch.setattr(training.Library, "load", faulty)
    with pytest.raises(TrainingFailed, match="The content has faults, so nothing was trained"):
        train(root)
    assert rasa == []


def test_a_missing_model_names_the_cure(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"does not exist. Cure: run `make train`"):
        read_matcher(tmp_path / MODEL)


def test_a_model_of_something_else_names_the_cure(tmp_path):
    import tarfile

    other = tmp_path / "other.tar.gz"
    with tarfile.open(other, "w:gz"):
        pass
    with pytest.raises(FileNotFoundError, match="holds no AnswerMatcher"):
        read_matcher(other)
