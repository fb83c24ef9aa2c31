"""What is deployed holds to the schemas and rules of those who run it, and fits together."""

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from compose_spec import PyCompose
from conftest import ROOT

from trialguide.runtime.settings import read_settings

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
        if service["image"] == "trialguide":
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
