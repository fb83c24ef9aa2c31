"""The guide lists the packages of Rasa that a server with a loaded model imports, and no others."""

import re
import subprocess
import sys
from pathlib import Path

from conftest import ROOT

LOAD = """
import sys
from trialguide.commands.rasa_server import silence_rasa
from trialguide.runtime.lean_imports import install_import_stubs
silence_rasa()
install_import_stubs()
import rasa.__main__, rasa.cli.run, rasa.core.run
from trialguide.dialogue.rasa_patches import apply_rasa_patches
apply_rasa_patches()
from rasa.core.agent import Agent
Agent.load(sys.argv[1])
print(*(name for name, module in sys.modules.items() if name.startswith("rasa.") and hasattr(module, "__path__")))
"""
# Packages that are listed by their own packages.
DIVIDED = ("core", "nlu")


def part_of(package: str) -> str:
    """The part that a package belongs to, as the guide divides Rasa."""
    names = package.split(".")
    return ".".join(names[: 3 if names[1] in DIVIDED else 2])


def test_the_guide_lists_the_parts_of_rasa_that_a_server_loads(model: Path) -> None:
    done = subprocess.run([sys.executable, "-c", LOAD, str(model)], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-1500:]
    loaded = {part_of(package) for package in done.stdout.splitlines()[-1].split()}
    section = (ROOT / "docs/running.md").read_text(encoding="utf-8").partition("### Rasa's parts that are loaded")[2]
    rows = re.findall(r"^\| ((?:`rasa\.[\w.]+`(?:, )?)+) \|", section, re.M)
    listed = [name for row in rows for name in re.findall(r"`([\w.]+)`", row)]
    assert sorted(listed) == sorted(loaded)
