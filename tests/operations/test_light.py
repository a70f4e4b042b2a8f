"""Every plain `rasa` command works without TensorFlow; a component that needs it says how to be cured."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RASA = Path(sys.executable).with_name("rasa")
SECONDS = 120

PROJECT = {
    "config.yml": """
recipe: default.v1
assistant_id: tiny
language: en
pipeline:
- name: KeywordIntentClassifier
policies:
- name: RulePolicy
""",
    "domain.yml": """
version: "3.1"
intents: [greet, bye]
responses:
  utter_greet:
  - text: Hello from the tiny bot.
  utter_bye:
  - text: Goodbye from the tiny bot.
""",
    "data/nlu.yml": """
version: "3.1"
nlu:
- intent: greet
  examples: |
    - hello
    - good morning
- intent: bye
  examples: |
    - farewell
    - see you
""",
    "data/rules.yml": """
version: "3.1"
rules:
- rule: greets back
  steps:
  - intent: greet
  - action: utter_greet
- rule: says goodbye
  steps:
  - intent: bye
  - action: utter_bye
""",
    "tests/test_greeting.yml": """
version: "3.1"
stories:
- story: greets, then leaves
  steps:
  - user: hello
    intent: greet
  - action: utter_greet
  - user: farewell
    intent: bye
  - action: utter_bye
""",
}


def rasa(folder, *arguments, typed=None):
    """Run the plain command as a person would, with no variable of this project set."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("RASA_", "HAIR_"))
    }
    return subprocess.run(
        [str(RASA), *arguments],
        cwd=folder, env=environment, input=typed, text=True, timeout=SECONDS,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A tiny project, trained once by the plain command."""
    folder = tmp_path_factory.mktemp("tiny")
    for name, content in PROJECT.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content.lstrip())
    done = rasa(folder, "train", "--fixed-model-name", "tiny")
    assert done.returncode == 0, done.stdout
    assert (folder / "models/tiny.tar.gz").is_file()
    return folder


def test_version(tmp_path):
    done = rasa(tmp_path, "--version")
    assert done.returncode == 0, done.stdout
    assert "3.6.21" in done.stdout
    assert "Warning" not in done.stdout


def test_shell(project):
    done = rasa(project, "shell", "--model", "models/tiny.tar.gz", typed="hello\n/stop\n")
    assert "Hello from the tiny bot." in done.stdout, done.stdout


def test_conversations(project):
    done = rasa(
        project,
        "test",
        "core",
        "--stories",
        "tests",
        "--model",
        "models/tiny.tar.gz",
        "--fail-on-prediction-errors",
    )
    assert done.returncode == 0, done.stdout


def test_data_validate(project):
    done = rasa(project, "data", "validate")
    assert done.returncode == 0, done.stdout


def test_a_component_that_needs_tensorflow_names_the_cure(project, tmp_path):
    for name, content in PROJECT.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content.lstrip())
    heavy = PROJECT["config.yml"].replace(
        "- name: KeywordIntentClassifier",
        "- name: WhitespaceTokenizer\n- name: CountVectorsFeaturizer\n- name: DIETClassifier",
    )
    (tmp_path / "config.yml").write_text(heavy.lstrip())
    done = rasa(tmp_path, "train", "nlu")
    assert done.returncode != 0, done.stdout
    assert "needs TensorFlow, which this environment leaves out on purpose" in done.stdout
    assert "make setup STOCK=1" in done.stdout
    assert not list(tmp_path.glob("models/*"))


# The stand-in itself --------------------------------------------------------------------------------------------


def python(code):
    done = subprocess.run(
        [sys.executable, "-c", code], text=True, capture_output=True, timeout=SECONDS, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_absent_packages_are_inert():
    code = """
import tensorflow as tf
from tensorflow.keras.layers import Layer
class Mine(Layer): pass
@tf.function
def kept(x): return x + 1
assert kept(1) == 2
@tf.function(experimental_relax_shapes=True)
def gone(x): return x
from tensorflow.python.keras.utils import tf_utils
import twilio.rest, sentry_sdk
try:
    Mine()
except RuntimeError as error:
    print(error)
"""
    assert python(code).startswith("Mine needs TensorFlow")


def test_installed_packages_are_never_shadowed(tmp_path):
    (tmp_path / "tensorflow.py").write_text("real = True\n")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import tensorflow; print(tensorflow.real is True)"
    assert python(code) == "True"


def test_unknown_packages_still_fail():
    code = "\ntry:\n    import tensorflowx\nexcept ModuleNotFoundError as error:\n    print(error.name)"
    assert python(code) == "tensorflowx"


def test_installing_twice_adds_one_finder():
    code = (
        "import sys; from hair_answers import light; light.install(); light.install(); "
        "print(sum(type(finder).__name__ == 'InertFinder' for finder in sys.meta_path))"
    )
    assert python(code) == "1"


def test_the_callers_settings_win():
    code = "import os; from hair_answers import light; light.install(); print(os.environ['RASA_TELEMETRY_ENABLED'])"
    os_environ = {**os.environ, "RASA_TELEMETRY_ENABLED": "true"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=os_environ, text=True, capture_output=True, cwd=ROOT
    )
    assert done.stdout.strip() == "true"


def test_own_deprecations_are_still_shown(tmp_path):
    script = tmp_path / "own.py"
    script.write_text("import warnings\nwarnings.warn('mend me', DeprecationWarning)\n")
    done = subprocess.run([sys.executable, str(script)], text=True, capture_output=True, cwd=ROOT)
    assert "mend me" in done.stderr
