"""Software bill of materials of what runs, in CycloneDX JSON: `python -m tools sbom`."""

import argparse
import json
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tools.supply_chain.lock_file import LockedPackage, read_lock_file
from trialguide.content.files import ROOT

LOCK_FILES = ("running-3.10.txt", "running-3.11.txt")
SPECIFICATION = "1.5"
NAME = "trialguide"

Document = dict[str, Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The folder that the files are written to."""
    parser.add_argument("--folder", type=Path, default=ROOT, help="where to write sbom-3.10.json and sbom-3.11.json")


def main(arguments: argparse.Namespace) -> int:
    """Writes one file for each lock file."""
    version = project_version()
    for name in LOCK_FILES:
        file = arguments.folder / name.replace("running", "sbom").replace(".txt", ".json")
        packages = read_lock_file(ROOT / "requirements" / name)
        file.write_text(json.dumps(bill_of_materials(packages, version), indent=1) + "\n", encoding="utf-8")
        print(f"{file}: {len(packages)} packages.")
    return 0


def project_version() -> str:
    """The version in pyproject.toml."""
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    return next(line.split('"')[1] for line in lines if line.startswith("version = "))


def bill_of_materials(packages: Sequence[LockedPackage], version: str) -> Document:
    """A CycloneDX document. The same packages give the same document, so that two of them can be compared."""
    root = f"{NAME}@{version}"
    document: Document = {
        "$schema": f"http://cyclonedx.org/schema/bom-{SPECIFICATION}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": SPECIFICATION,
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": root,
                "name": NAME,
                "version": version,
                "licenses": [{"license": {"id": "Apache-2.0"}}],
            }
        },
        "components": [_component(package) for package in packages],
        "dependencies": [{"ref": root, "dependsOn": sorted(package.purl for package in packages if package.direct)}]
        + [_dependencies(package, packages) for package in packages],
    }
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(document, sort_keys=True))
    return document | {"serialNumber": f"urn:uuid:{serial}"}


def _component(package: LockedPackage) -> Document:
    return {
        "type": "library",
        "bom-ref": package.purl,
        "name": package.name,
        "version": package.version,
        "purl": package.purl,
        "hashes": [{"alg": "SHA-256", "content": digest} for digest in package.hashes],
    }


def _dependencies(package: LockedPackage, packages: Sequence[LockedPackage]) -> Document:
    return {
        "ref": package.purl,
        "dependsOn": sorted(other.purl for other in packages if package.name in other.dependants),
    }
