"""Alerts and the dashboard use metrics and labels that the code registers, and the guide names all of them."""

import json
import re
from typing import Any

import jsonschema
import pytest
from conftest import ROOT
from prometheus_client import REGISTRY

import trialguide.runtime.metrics
from trialguide.content.files import load_yaml
from trialguide.runtime.circuit_breaker import CircuitBreaker
from trialguide.runtime.metrics import FALLBACKS, MESSAGES, SAFETY_REPLIES, STAGES
from trialguide.storage.usage_counts import SAFETY

DURATION = {"type": "string", "pattern": "^([0-9]+[smhd])+$"}
RULE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["alert", "expr", "labels", "annotations"],
    "properties": {
        "alert": {"type": "string", "pattern": "^TrialGuide[A-Za-z]+$"},
        "expr": {"type": "string", "minLength": 1},
        "for": DURATION,
        "labels": {
            "type": "object",
            "additionalProperties": False,
            "required": ["severity"],
            "properties": {"severity": {"enum": ["critical", "warning"]}},
        },
        "annotations": {
            "type": "object",
            "additionalProperties": False,
            "required": ["summary", "description"],
            "properties": {"summary": {"type": "string"}, "description": {"type": "string"}},
        },
    },
}
# A rule file as Prometheus reads it, with what we ask of a rule beyond that.
RULE_FILE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["groups"],
    "properties": {
        "groups": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name", "rules"],
                "properties": {
                    "name": {"type": "string"},
                    "interval": DURATION,
                    "rules": {"type": "array", "minItems": 1, "items": RULE},
                },
            },
        }
    },
}
ALERTS: dict[str, Any] = load_yaml(ROOT / "deploy/prometheus/alerts.yml")
RULES = [rule for group in ALERTS["groups"] for rule in group["rules"]]
DASHBOARD: dict[str, Any] = json.loads((ROOT / "deploy/grafana/trialguide.json").read_text(encoding="utf-8"))
QUERIES = {rule["alert"]: rule["expr"] for rule in RULES} | {
    f"{panel['title']} {target['refId']}": target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]
}
SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}
# Of the Prometheus client and of Prometheus itself.
STANDARD = {"up", "process_resident_memory_bytes"}
OF_PROMETHEUS = {"job", "instance", "le"}


@pytest.fixture
def registered() -> dict[str, set[str]]:
    """The labels of each series that the code registers."""
    CircuitBreaker("database", 1, (OSError,))
    STAGES.labels("turn")
    FALLBACKS.labels("website")
    MESSAGES.labels("website", "answered")
    SAFETY_REPLIES.labels("emergency")
    series: dict[str, set[str]] = {}
    for metric in REGISTRY.collect():
        if metric.name.startswith("trialguide_"):
            labels = {label for sample in metric.samples for label in sample.labels}
            series |= {metric.name + suffix: labels for suffix in SUFFIXES[metric.type]}
    return series


def test_rules_hold_to_the_schema_and_each_has_its_own_name() -> None:
    jsonschema.Draft7Validator(RULE_FILE).validate(ALERTS)
    assert len({rule["alert"] for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("change", [{"exp": "up"}, {"for": "soon"}, {"labels": {}}, {"expr": 1}])
def test_the_schema_refuses_a_wrong_rule(change: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft7Validator(RULE).validate(RULES[0] | change)


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES.keys())
def test_a_query_uses_metrics_and_labels_that_exist(query: str, registered: dict[str, set[str]]) -> None:
    assert query.count("(") == query.count(")")
    for name, selector in re.findall(r"\b(trialguide_\w+|process_\w+|up)\b(?:\{([^}]*)\})?", query):
        assert name in registered or name in STANDARD
        labels = set(re.findall(r"(\w+)\s*[=!]", selector))
        assert labels <= registered.get(name, set()) | OF_PROMETHEUS
    for grouped in re.findall(r"\bby \(([^)]*)\)", query):
        known = set().union(*(registered[name] for name in re.findall(r"trialguide_\w+", query)))
        assert {label.strip() for label in grouped.split(",")} <= known | OF_PROMETHEUS


def test_annotations_and_legends_name_labels_of_their_query(registered: dict[str, set[str]]) -> None:
    known = set().union(*registered.values()) | OF_PROMETHEUS
    for rule in RULES:
        assert set(re.findall(r"\$labels\.(\w+)", str(rule["annotations"]))) <= known
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            named = set(re.findall(r"\{\{(\w+)}}", target["legendFormat"]))
            assert named <= set(re.findall(r"\w+", target["expr"])) | {"instance", "service"}


def test_every_metric_is_in_the_guide_and_on_the_dashboard(registered: dict[str, set[str]]) -> None:
    guide = (ROOT / "docs/running.md").read_text(encoding="utf-8")
    shown = " ".join(target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"])
    for name in registered:
        assert re.sub("_(bucket|sum|count)$", "", name) in guide, name
        assert name in shown, name
    assert set(re.findall(r"`(trialguide_\w+)`", guide)) <= {re.sub("_(bucket|sum|count)$", "", name) for name in registered}
    assert all(f"`{label}`" in guide for label in SAFETY)


def test_values_of_labels_are_those_of_the_code() -> None:
    (row,) = re.findall(r"^\| `trialguide_messages_total` .*$", (ROOT / "docs/running.md").read_text(encoding="utf-8"), re.M)
    for query in QUERIES.values():
        for outcomes in re.findall(r'outcome=~?"([^"]+)"', query):
            assert all(f"`{outcome}`" in row for outcome in outcomes.split("|"))
        for stage in re.findall(r'stage="(\w+)"', query):
            assert f"`{stage}`" in (ROOT / "docs/running.md").read_text(encoding="utf-8")


def test_panels_do_not_overlap_and_take_their_source_from_the_variable() -> None:
    cells = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in DASHBOARD["panels"]]
    assert len(set(cells)) == len(cells)
    assert [variable["name"] for variable in DASHBOARD["templating"]["list"]] == ["datasource"]
    for panel in DASHBOARD["panels"]:
        assert {source["datasource"]["uid"] for source in (panel, *panel["targets"])} == {"${datasource}"}


def test_the_prometheus_job_has_the_name_that_alerts_use() -> None:
    (job,) = load_yaml(ROOT / "deploy/prometheus.yml")["scrape_configs"]
    assert set(re.findall(r'job="(\w+)"', " ".join(QUERIES.values()))) == {job["job_name"]}
    assert trialguide.runtime.metrics.SERVICES in REGISTRY._collector_to_names
