"""The files of deploy/ fit together and fit the program; the linters judge them where they are installed."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from hair_answers.operations import metrics
from hair_answers.operations.stack import fill
from hair_answers.operations.training import ROOT

DEPLOY = ROOT / "deploy"
KUBERNETES = DEPLOY / "kubernetes"


def variables(path):
    return set(re.findall(r"\$\{([A-Z_]+)\}", path.read_text()))


def documents():
    for path in sorted(KUBERNETES.glob("*.yaml")):
        yield from (document for document in yaml.safe_load_all(path.read_text()) if document)


def workloads():
    return [document for document in documents() if document["kind"] == "Deployment"]


def test_every_variable_of_the_endpoints_file_is_given_in_compose():
    compose = yaml.safe_load((DEPLOY / "docker-compose.yml").read_text())
    assert variables(ROOT / "endpoints.production.yml") <= set(compose["x-app"]["environment"])


def test_every_variable_of_the_endpoints_file_is_given_in_the_cluster():
    settings = {line.partition("=")[0] for line in (KUBERNETES / "settings.env").read_text().splitlines()}
    named_secrets = set(re.findall(r"[A-Z_]{6,}", (KUBERNETES / "bot.yaml").read_text()))
    assert variables(ROOT / "endpoints.production.yml") <= settings | named_secrets


def test_no_secret_has_a_value_in_a_file():
    for path in (p for p in DEPLOY.rglob("*") if p.is_file()):
        for line in path.read_text().splitlines():
            if match := re.search(r"(PASSWORD|SECRET|TOKEN)\w*[:=] *(\S+)", line):
                assert match[2].startswith(("$", '"$', "{")), f"{path.name}: {line.strip()}"


@pytest.mark.parametrize("workload", workloads(), ids=lambda workload: workload["metadata"]["name"])
def test_nothing_runs_as_root_or_writes_to_its_image(workload):
    pod = workload["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    for container in pod["containers"]:
        security = container["securityContext"]
        assert security["readOnlyRootFilesystem"] and not security["allowPrivilegeEscalation"]
        assert security["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["limits"]["memory"]


def test_the_image_runs_as_a_user_and_asks_for_a_real_answer():
    text = (DEPLOY / "Dockerfile").read_text()
    assert re.search(r"^USER \d+$", text, re.M)
    assert "/health/ready" in text and "--enable-api" not in text


def test_every_metric_of_the_dashboard_and_the_alerts_exists():
    known = set(re.findall(r"^# TYPE (\S+)", metrics.page().decode(), re.M))
    asked = re.findall(r"hair_answers_\w+", (DEPLOY / "grafana/hair-answers.json").read_text())
    asked += re.findall(r"hair_answers_\w+", (DEPLOY / "grafana/alerts.yml").read_text())
    assert asked
    assert {name.removesuffix("_bucket") for name in asked} <= known


def test_the_dashboard_has_panels_in_a_free_place_each():
    panels = json.loads((DEPLOY / "grafana/hair-answers.json").read_text())["panels"]
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels]
    assert len(set(places)) == len(panels) >= 10


def test_a_missing_name_in_the_proxy_file_is_refused():
    with pytest.raises(KeyError, match="RUN"):
        fill((DEPLOY / "nginx.conf").read_text(), {})


def tool(name):
    found = shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))
    assert found, f"{name} is not installed; cure: make dev"
    return found


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("hadolint", [str(DEPLOY / "Dockerfile")]),
        ("yamllint", ["-d", "{extends: relaxed, rules: {line-length: disable}}", str(DEPLOY)]),
        ("kubectl", ["kustomize", str(KUBERNETES)]),
        ("kubernetes-validate", ["--strict", *map(str, sorted(KUBERNETES.glob("[!k]*.yaml")))]),
    ],
)
def test_the_linter_has_nothing_to_say(name, arguments):
    done = subprocess.run([tool(name), *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
