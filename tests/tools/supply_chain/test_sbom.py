"""The bill of materials holds each locked package once, with its hashes, and what depends on it."""

import json
import re
from argparse import Namespace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from conftest import ROOT

from tools.supply_chain import sbom
from tools.supply_chain.lock_file import LockedPackage, read_lock_file

REFERENCE = {"type": "string", "minLength": 1}
COMPONENT = {
    "type": "object",
    "additionalProperties": False,
    "required": ["type", "bom-ref", "name", "version", "purl", "hashes"],
    "properties": {
        "type": {"const": "library"},
        "bom-ref": REFERENCE,
        "name": {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]*$"},
        "version": {"type": "string", "pattern": "^[0-9]"},
        "purl": {"type": "string", "pattern": "^pkg:pypi/[a-z0-9-]+@[0-9]"},
        "hashes": {
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["alg", "content"],
                "properties": {"alg": {"const": "SHA-256"}, "content": {"type": "string", "pattern": "^[a-f0-9]{64}$"}},
            },
        },
    },
}
# The part of https://cyclonedx.org/schema/bom-1.5.schema.json that is used.
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["$schema", "bomFormat", "specVersion", "serialNumber", "version", "metadata", "components", "dependencies"],
    "properties": {
        "$schema": {"const": "http://cyclonedx.org/schema/bom-1.5.schema.json"},
        "bomFormat": {"const": "CycloneDX"},
        "specVersion": {"const": "1.5"},
        "serialNumber": {"type": "string", "pattern": "^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"},
        "version": {"type": "integer", "minimum": 1},
        "metadata": {"type": "object", "required": ["component"]},
        "components": {"type": "array", "uniqueItems": True, "items": COMPONENT},
        "dependencies": {
            "type": "array",
            "uniqueItems": True,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["ref", "dependsOn"],
                "properties": {"ref": REFERENCE, "dependsOn": {"type": "array", "uniqueItems": True, "items": REFERENCE}},
            },
        },
    },
}


@pytest.mark.parametrize("name", sbom.LOCK_FILES)
def test_a_document_holds_to_the_schema_and_lists_each_package_with_all_its_hashes(name: str) -> None:
    file = ROOT / "requirements" / name
    document = sbom.bill_of_materials(read_lock_file(file), "0.1.0")
    jsonschema.Draft7Validator(SCHEMA).validate(document)
    text = file.read_text(encoding="utf-8")
    assert [one["purl"] for one in document["components"]] == [
        f"pkg:pypi/{package}@{version}" for package, version in re.findall(r"^([a-z0-9-]+)==(\S+)", text, re.M)
    ]
    assert sum(len(one["hashes"]) for one in document["components"]) == text.count("--hash=")
    assert document == sbom.bill_of_materials(read_lock_file(file), "0.1.0")


@pytest.mark.parametrize("name", sbom.LOCK_FILES)
def test_every_package_is_reached_from_the_application(name: str) -> None:
    document = sbom.bill_of_materials(read_lock_file(ROOT / "requirements" / name), "0.1.0")
    depends: dict[str, list[str]] = {one["ref"]: one["dependsOn"] for one in document["dependencies"]}
    reached, waiting = set(), [document["metadata"]["component"]["bom-ref"]]
    while waiting:
        reference = waiting.pop()
        if reference not in reached:
            reached.add(reference)
            waiting += depends[reference]
    assert reached == depends.keys()


LOCK = """\
first==1.0 \\
    --hash=sha256:{digest}
    # via -r requirements/running.in
second-one==2.0.post1 \\
    --hash=sha256:{digest} \\
    --hash=sha256:{digest}
    # via
    #   -c requirements/python-3.11.txt
    #   first
"""


def test_a_lock_file_is_read_with_what_asks_for_a_package(tmp_path: Path) -> None:
    file, digest = tmp_path / "lock.txt", "a" * 64
    file.write_text(LOCK.format(digest=digest), encoding="utf-8")
    assert read_lock_file(file) == [
        LockedPackage("first", "1.0", (digest,), (), True),
        LockedPackage("second-one", "2.0.post1", (digest, digest), ("first",), False),
    ]
    file.write_text("first>=1.0\n", encoding="utf-8")
    with pytest.raises(ValueError, match="is no pinned package"):
        read_lock_file(file)


def test_the_command_writes_a_file_for_each_python(tmp_path: Path) -> None:
    assert sbom.main(Namespace(folder=tmp_path)) == 0
    written: dict[str, Any] = {file.name: json.loads(file.read_text(encoding="utf-8")) for file in tmp_path.iterdir()}
    assert written.keys() == {"sbom-3.10.json", "sbom-3.11.json"}
    assert {one["metadata"]["component"]["version"] for one in written.values()} == {sbom.project_version()}
