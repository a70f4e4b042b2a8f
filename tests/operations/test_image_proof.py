"""The parts of `scripts/prove-image` that need no build: how it reads the Dockerfile, .dockerignore and compose."""

from pathlib import Path

import pytest
import yaml

from hair_answers.operations.image_proof import Image, NotProven, context, filled, ignored_by, instructions
from hair_answers.operations.training import ROOT

DOCKERFILE = (ROOT / "deploy/Dockerfile").read_text()


def test_every_instruction_of_the_dockerfile_is_carried_out():
    names = [name for name, _ in instructions(DOCKERFILE)]
    assert names[0] == "ARG" and names[-1] == "CMD" and names.count("FROM") == 2
    assert all(hasattr(Image(Path("/x")), f"_{name.lower()}") for name in names)


def test_an_instruction_nobody_knows_is_refused(tmp_path):
    with pytest.raises(NotProven, match="ONBUILD"):
        Image(tmp_path).build("ONBUILD RUN true")


def test_continued_lines_are_one_and_comments_none():
    assert list(instructions("# no\nRUN a \\\n    && b\nUSER 1\n")) == [("RUN", "a      && b"), ("USER", "1")]


@pytest.mark.parametrize(
    ("path", "ignored"),
    [
        (".venv", True), (".venv-stock", True), ("hair_answers/nlu/__pycache__", True), ("tests", True),
        ("deploy/.env", True), ("deploy/tls", True), (".mypy_cache", True), ("a/b.pyc", True),
        ("deploy/Dockerfile", False), ("hair_answers/nlu/tests.py", False), ("data/faq/causes.yml", False),
    ],
)  # fmt: skip
def test_the_build_gets_what_dockerignore_leaves(path, ignored):
    assert bool(ignored_by((ROOT / ".dockerignore").read_text()).fullmatch(path)) is ignored


def test_the_build_gets_the_program_and_no_secret():
    found = {path.as_posix() for path in context(ROOT)}
    assert {
        "config.yml",
        "clinic.yml",
        "requirements.txt",
        "deploy/logging.yml",
        "actions/hand_over.py",
    } <= found
    assert not any(path.startswith((".git/", ".venv", ".state", "tests/", "models/")) for path in found)


def test_the_folder_and_the_user_take_the_places_of_the_images(tmp_path):
    image = Image(tmp_path / "x", users={"hair": 10001})
    assert image.here("install -d -o hair -g hair /app/.state") == (
        f"install -d -o 10001 -g 10001 {tmp_path}/x/.state"
    )
    assert image.here("see /other/app and hair") == "see /other/app and hair"


def test_compose_variables_are_filled():
    values = {"A": "one"}
    assert filled("${A:?set it} ${B:-two} ${C:-} ${A}/${D}", values) == "one two  one/"
    compose = yaml.safe_load((ROOT / "deploy/docker-compose.yml").read_text())
    assert "${" not in filled(str(compose["services"]["bot"]["environment"]), values)
