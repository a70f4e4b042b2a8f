"""The files of deploy/ fit together and fit the program; the linters judge them where they are installed."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from rasa_sdk.endpoint import create_app

from hair_answers.channels.slack import SlackClinicInput
from hair_answers.channels.telegram import TelegramClinicInput
from hair_answers.operations import metrics
from hair_answers.operations.health import HealthInput
from hair_answers.operations.stack import fill
from hair_answers.operations.training import MODEL, ROOT

DEPLOY = ROOT / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
CREDENTIALS, ENDPOINTS = ROOT / "credentials.production.yml", ROOT / "endpoints.production.yml"
COMPOSE = yaml.safe_load((DEPLOY / "docker-compose.yml").read_text())
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
SERVICES = {
    name: service for name, service in COMPOSE["services"].items() if "hair-answers" in service["image"]
}
# Read by others than this program: PostgreSQL's client, and clinic.yml, which may name any variable.
FOREIGN = {"PGPASSWORD", "SLACK_WEBHOOK"}
WRITABLE = {"/app/.state", "/app/results", "/tmp"}


def variables(path):
    """The ${NAMES} of a file, comments left out."""
    lines = path.read_text().splitlines()
    return set(
        re.findall(r"\$\{([A-Z_]+)", "\n".join(line for line in lines if not line.lstrip().startswith("#")))
    )


def names(path):
    """The names a file of NAME=value lines gives."""
    return {line.partition("=")[0] for line in path.read_text().splitlines() if re.match(r"[A-Z]", line)}


def documents():
    for path in sorted(KUBERNETES.glob("*.yaml")):
        yield from (document for document in yaml.safe_load_all(path.read_text()) if document)


def pod(document):
    spec = document["spec"]
    return spec.get("jobTemplate", document)["spec"]["template"]["spec"]


WORKLOADS = {d["metadata"]["name"]: d for d in documents() if d["kind"] in ("Deployment", "CronJob")}
PODS = {name: pod(document) for name, document in WORKLOADS.items()}
CONTAINERS = {name: container for name, spec in PODS.items() for container in spec["containers"]}
IN_COMPOSE = {name for service in SERVICES.values() for name in service["environment"]}
IN_CLUSTER = names(KUBERNETES / "settings.env") | names(KUBERNETES / "secrets.env.example") | {"PGPASSWORD"}


# Names of the environment ------------------------------------------------------------------------------------------


def test_every_variable_the_production_files_ask_for_is_given():
    asked = variables(ENDPOINTS) | variables(CREDENTIALS)
    assert asked - IN_COMPOSE == set()
    assert asked - IN_CLUSTER == set()


@cache
def known():
    """Every variable that the program or its production files read."""
    code = "\n".join(path.read_text() for path in (ROOT / "hair_answers").rglob("*.py"))
    read = set(re.findall(r'"([A-Z][A-Z_]{3,})"', code))
    return read | variables(ENDPOINTS) | variables(CREDENTIALS) | FOREIGN


def test_every_variable_given_is_one_that_somebody_reads():
    assert IN_COMPOSE - known() == set()
    assert IN_CLUSTER - known() == set()
    assert "HAIR_ANSWERS_OUTBOKS" not in known()


def test_compose_and_the_cluster_give_the_same_variables():
    assert IN_COMPOSE == IN_CLUSTER


def test_the_example_of_the_secrets_names_every_variable_of_compose():
    assert names(DEPLOY / "env.example") == variables(DEPLOY / "docker-compose.yml")


def test_what_several_servers_share_lies_in_postgresql():
    cluster = dict(line.split("=", 1) for line in (KUBERNETES / "settings.env").read_text().splitlines())
    for name in ("EVENT_ARCHIVE_URL", *(f"HAIR_ANSWERS_{what}" for what in ("OUTBOX", "FEEDBACK", "SAFETY"))):
        for given in (cluster, SERVICES["bot"]["environment"]):
            address = urlsplit(given[name])
            assert address.scheme == "postgresql" and address.password is None
            assert (address.hostname, str(address.port)) == (given["POSTGRES_HOST"], given["POSTGRES_PORT"])
            assert (address.username, address.path) == (given["POSTGRES_USER"], f"/{given['POSTGRES_DB']}")


def test_no_secret_has_a_value_in_a_file():
    for path in (p for p in DEPLOY.rglob("*") if p.is_file()):
        for line in path.read_text().splitlines():
            if match := re.search(r"(PASSWORD|SECRET|TOKEN|WEBHOOK)\b\w*[:=] *(\S+)", line):
                assert match[2].startswith(("$", '"$', "{")), f"{path.name}: {line.strip()}"


def test_what_may_hold_secrets_reaches_neither_the_repository_nor_the_image():
    for ignored in (".gitignore", ".dockerignore"):
        lines = (ROOT / ignored).read_text().split()
        assert {"deploy/.env", "deploy/kubernetes/secrets.env"} <= set(lines)
        assert {line.rstrip("/") for line in lines} >= {"deploy/tls", ".state"}


# Commands ----------------------------------------------------------------------------------------------------------


def image_command():
    """The words of the image's CMD, the shell around it taken off."""
    shell = json.loads(re.search(r"^CMD (\[.*\])$", DOCKERFILE, re.M)[1])
    assert shell[:2] == ["sh", "-c"]
    return shlex.split(shell[2].removeprefix("exec "))


COMMANDS = {tuple(image_command())} | {
    tuple(found["command"]) for found in (*SERVICES.values(), *CONTAINERS.values()) if "command" in found
}


def faults(command):
    """What is wrong with a command: a program that does not answer to --help, options it does not list, lost files."""
    program = (
        [sys.executable, "-m", command[2]] if command[0] == "python" else [sys.executable, "-m", *command[:2]]
    )
    told = subprocess.run([*program, "--help"], cwd=ROOT, capture_output=True, text=True)
    if told.returncode:
        return [f"{program[2:]} does not run"]
    options = [word for word in command if word.startswith("--")]
    files = [word for word in command if re.search(r"\.(yml|gz)$", word)]
    missing = [word for word in files if not (ROOT / word).is_file() and word != str(MODEL)]
    return [word for word in options if not re.search(rf"{word}\b", told.stdout)] + missing


@pytest.mark.parametrize("command", sorted(COMMANDS), ids=lambda command: " ".join(command[:3]))
def test_every_command_is_one_of_the_program(command):
    assert faults(command) == []


@pytest.mark.parametrize(
    "command",
    [
        "python -m hair_answers.operations.outboks --deliver",
        "python -m hair_answers.operations.outbox --delivr",
        "python -m hair_answers.operations.archive --endpoints endpoints.prod.yml",
    ],
)
def test_a_wrong_command_would_be_seen(command):
    assert faults(command.split())


def test_compose_and_the_cluster_run_the_same_services():
    assert {name: service.get("command") for name, service in SERVICES.items()} == {
        name: container.get("command") for name, container in CONTAINERS.items()
    }


def test_the_image_starts_with_the_production_files():
    assert f"ENDPOINTS={ENDPOINTS.name} CREDENTIALS={CREDENTIALS.name}" in DOCKERFILE
    assert "--enable-api" not in DOCKERFILE


def test_the_image_is_made_by_the_installer_of_the_set_up():
    pinned = re.findall(r"uv==[\d.]+", DOCKERFILE + (ROOT / "scripts/setup").read_text())
    assert len(pinned) == 2 and len(set(pinned)) == 1


# Ports, paths, users -----------------------------------------------------------------------------------------------


def port_after(words, option):
    return int(words[list(words).index(option) + 1])


def test_everybody_knows_the_ports():
    bot, actions = port_after(image_command(), "--port"), port_after(SERVICES["actions"]["command"], "--port")
    assert re.search(rf"^EXPOSE {bot}$", DOCKERFILE, re.M)
    assert f"bot:{bot} " in COMPOSE["services"]["nginx"]["environment"]["SERVERS"]
    prometheus = yaml.safe_load((DEPLOY / "grafana/prometheus.yml").read_text())
    assert (
        prometheus["scrape_configs"][0]["dns_sd_configs"][0] | {"names": ["bot"], "port": bot}
        == (prometheus["scrape_configs"][0]["dns_sd_configs"][0])
    )
    assert CONTAINERS["bot"]["ports"] == [{"name": "http", "containerPort": bot}]
    assert CONTAINERS["actions"]["ports"] == [{"name": "http", "containerPort": actions}]
    address = f"http://actions:{actions}/webhook"
    assert SERVICES["bot"]["environment"]["HAIR_ANSWERS_ACTION_URL"] == address
    assert f"HAIR_ANSWERS_ACTION_URL={address}\n" in (KUBERNETES / "settings.env").read_text()


def bot_paths():
    return set(HealthInput().blueprint(lambda _: None).ctx.routes)


def action_paths():
    return {f"/{route.path}" for route in create_app("actions").router.routes}


def test_every_health_check_asks_an_address_that_exists():
    asked = {"bot": re.findall(r"http://127\.0\.0\.1:5005(/[\w/]+)", DOCKERFILE)}
    asked["actions"] = re.findall(
        r"http://127\.0\.0\.1:5055(/[\w/]+)", str(SERVICES["actions"]["healthcheck"])
    )
    for name in asked:
        probes = [probe for key, probe in CONTAINERS[name].items() if key.endswith("Probe")]
        asked[name] += [probe["httpGet"]["path"] for probe in probes]
        assert len(asked[name]) == len(probes) + 1
    assert set(asked["bot"]) <= bot_paths()
    assert set(asked["actions"]) <= action_paths()


def test_only_a_real_answer_makes_a_bot_ready():
    assert CONTAINERS["bot"]["readinessProbe"]["httpGet"]["path"] == "/health/ready"
    assert "127.0.0.1:5005/health/ready" in DOCKERFILE


def test_the_way_in_leads_to_the_channels_alone():
    (ingress,) = [document for document in documents() if document["kind"] == "Ingress"]
    paths = {path["path"] for rule in ingress["spec"]["rules"] for path in rule["http"]["paths"]}
    channels = {f"/webhooks/{channel.name()}" for channel in (SlackClinicInput, TelegramClinicInput)}
    assert paths == {"/chat"} | channels


def test_the_token_of_the_metrics_is_the_same_everywhere():
    block = yaml.safe_load(CREDENTIALS.read_text())["hair_answers.operations.health.HealthInput"]
    (name,) = re.findall(r"\$\{(\w+)\}", block["metrics_token"])
    (job,) = yaml.safe_load((DEPLOY / "grafana/prometheus.yml").read_text())["scrape_configs"]
    secret = job["authorization"]["credentials_file"].removeprefix("/run/secrets/")
    assert COMPOSE["secrets"][secret] == {"environment": name}
    assert COMPOSE["services"]["prometheus"]["secrets"] == [secret]
    monitor = yaml.safe_load((KUBERNETES / "monitoring/pod-monitor.yaml").read_text())["spec"]
    (asked,) = monitor["podMetricsEndpoints"]
    assert asked["authorization"]["credentials"] == {"name": "secrets", "key": name}
    assert name in names(KUBERNETES / "secrets.env.example")
    assert monitor["selector"]["matchLabels"] == WORKLOADS["bot"]["spec"]["template"]["metadata"]["labels"]
    assert {job["metrics_path"], asked["path"]} == {"/metrics"} <= bot_paths()


@pytest.mark.parametrize("name", sorted(PODS))
def test_nothing_runs_as_root_or_writes_to_its_image(name):
    spec, container = PODS[name], CONTAINERS[name]
    assert spec["securityContext"]["runAsNonRoot"] is True
    security = container["securityContext"]
    assert security["readOnlyRootFilesystem"] and not security["allowPrivilegeEscalation"]
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert container["resources"]["limits"]["memory"]
    service = SERVICES[name]
    assert service["read_only"] and service["cap_drop"] == ["ALL"]


def test_everybody_is_the_same_user():
    (user,) = re.findall(r"^USER (\d+)$", DOCKERFILE, re.M)
    assert re.search(rf"useradd .*--uid {user}\b", DOCKERFILE)
    for spec in PODS.values():
        assert spec["securityContext"]["runAsUser"] == spec["securityContext"]["fsGroup"] == int(user)


def test_volumes_are_where_the_program_may_write_and_what_is_mounted_exists():
    (folders,) = re.findall(r"^RUN install -d -o hair -g hair (.+)$", DOCKERFILE, re.M)
    assert set(folders.split()) == WRITABLE - {"/tmp"}
    assert {mount["mountPath"] for c in CONTAINERS.values() for mount in c["volumeMounts"]} <= WRITABLE
    for service in SERVICES.values():
        for source, place, *_ in (volume.split(":") for volume in service["volumes"]):
            if source.startswith("."):
                assert (DEPLOY / source).is_file() and place == f"/app/{Path(source).name}"
            else:
                assert source in COMPOSE["volumes"] and place in WRITABLE


def test_who_speaks_to_the_outside_can_and_the_stores_cannot():
    assert COMPOSE["networks"]["inside"]["internal"] and not COMPOSE["networks"]["outside"]
    for name in ("bot", "delivery", "nginx"):
        assert "outside" in COMPOSE["services"][name]["networks"]
    for name in ("postgres", "redis", "rabbitmq", "actions", "archive"):
        assert COMPOSE["services"][name]["networks"] == ["inside"]


def test_the_cluster_applies_every_file_and_gives_every_container_its_password():
    rendered = subprocess.run([tool("kubectl"), "kustomize", str(KUBERNETES)], capture_output=True, text=True)
    found = [document for document in yaml.safe_load_all(rendered.stdout) if document]
    kinds = sorted((d["kind"], d["metadata"]["name"]) for d in documents() if d["kind"] != "Kustomization")
    settings = [d["metadata"]["name"] for d in found if d["kind"] == "ConfigMap"]
    assert sorted((d["kind"], d["metadata"]["name"]) for d in found if d["kind"] != "ConfigMap") == kinds
    for document in (d for d in found if d["kind"] in ("Deployment", "CronJob")):
        (container,) = pod(document)["containers"]
        ((variable),) = container["env"]
        assert variable["name"] == "PGPASSWORD"
        assert variable["valueFrom"]["secretKeyRef"] == {"name": "secrets", "key": "POSTGRES_PASSWORD"}
        assert container["envFrom"] == [
            {"configMapRef": {"name": settings[0]}},
            {"secretRef": {"name": "secrets"}},
        ]


# Dashboard, alerts, linters ----------------------------------------------------------------------------------------


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
