"""The widget that is kept built is small, is what the source makes, and depends on nothing that is not pinned."""

import base64
import gzip
import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT

WEB = ROOT / "web"
RELEASED = WEB / "released"
LARGEST_GZIPPED = 25_000
# Node runs scripts of the build only where the packages are there: `make test` brings them.
NODE = shutil.which("node") if (WEB / "node_modules").is_dir() else None
MISSING = "The built widget was not compared with its source: Node or its packages are missing. Run: make build"


def test_small() -> None:
    assert len(gzip.compress((RELEASED / "widget.js").read_bytes(), 9)) <= LARGEST_GZIPPED


def test_facts_fit_the_file() -> None:
    facts = json.loads((RELEASED / "widget.json").read_text(encoding="utf-8"))
    script = (RELEASED / "widget.js").read_bytes()
    assert facts["file"] == f"widget-{hashlib.sha256(script).hexdigest()[:12]}.js"
    assert facts["integrity"] == "sha384-" + base64.b64encode(hashlib.sha384(script).digest()).decode()
    assert facts["bytes"] == len(script)


def test_released_is_what_the_source_makes(tmp_path: Path) -> None:
    if NODE is None:
        if os.environ.get("CI"):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    subprocess.run([NODE, "build.mjs", str(tmp_path)], cwd=WEB, check=True, capture_output=True)
    assert (tmp_path / "widget.js").read_bytes() == (RELEASED / "widget.js").read_bytes()


def test_packages_are_pinned_without_addresses() -> None:
    lock = (WEB / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in lock
    packages = json.loads(lock)["packages"]
    assert all("integrity" in package for name, package in packages.items() if name)
    wanted = json.loads((WEB / "package.json").read_text(encoding="utf-8"))
    for version in (wanted["dependencies"] | wanted["devDependencies"]).values():
        assert version[0].isdigit(), version


def test_nothing_that_runs_text() -> None:
    script = (RELEASED / "widget.js").read_text(encoding="utf-8")
    for call in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "document.cookie"):
        assert call not in script, call
