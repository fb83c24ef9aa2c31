"""The systemd unit restarts a server that ended or hangs, gives it the time it needs, and few rights."""

import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

import tools.__main__
from trialguide.commands.stack import START_SECONDS, STOP_SECONDS
from trialguide.runtime.settings import NAMES

FILE = ROOT / "deploy/systemd/trialguide.service"
FOLDER = "/opt/trialguide"


@pytest.fixture(scope="module")
def unit() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, comment_prefixes=("#",), delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(FILE, encoding="utf-8")
    return parser


def test_a_server_that_fails_or_hangs_is_restarted_but_not_for_ever(unit: configparser.ConfigParser) -> None:
    service = unit["Service"]
    assert (service["Type"], service["NotifyAccess"], service["Restart"]) == ("notify", "main", "on-failure")
    assert int(service["WatchdogSec"]) >= 30
    assert {"StartLimitIntervalSec", "StartLimitBurst"} <= unit["Unit"].keys()
    assert service["TimeoutStartSec"].endswith("min")
    assert int(service["TimeoutStartSec"].removesuffix("min")) * 60 > 2 * START_SECONDS
    assert int(service["TimeoutStopSec"]) > STOP_SECONDS
    assert int(service["TimeoutAbortSec"]) > STOP_SECONDS
    assert (service["KillMode"], service["WatchdogSignal"]) == ("mixed", "SIGTERM")


def test_it_runs_the_command_of_the_clone_without_rights(unit: configparser.ConfigParser) -> None:
    service = unit["Service"]
    assert service["ExecStart"] == f"{FOLDER}/.venv-3.11/bin/python -m trialguide run"
    assert service["WorkingDirectory"] == service["ReadWritePaths"] == FOLDER
    assert service["User"] != "root"
    assert service["NoNewPrivileges"] == "true"
    assert service["CapabilityBoundingSet"] == ""
    assert service["Environment"].partition("=")[0] in NAMES
    assert service["Environment"].partition("=")[2].startswith(f"/var/lib/{service['StateDirectory']}/")


@pytest.mark.parametrize("name", sorted(file.name for file in FILE.parent.iterdir()))
def test_systemd_reads_the_units_without_a_complaint(name: str, tmp_path: Path) -> None:
    """Where systemd is installed; the paths are those of this clone, which exist."""
    for file in FILE.parent.iterdir():
        text = file.read_text(encoding="utf-8").replace(f"{FOLDER}/.venv-3.11/bin/python", sys.executable)
        (tmp_path / file.name).write_text(text.replace(FOLDER, str(ROOT)), encoding="utf-8")
    program = shutil.which("systemd-analyze")
    if program:
        arguments = [program, "verify", "--man=no", str(tmp_path / name)]
        done = subprocess.run(arguments, capture_output=True, text=True, timeout=60)
        complaints = [line for line in done.stderr.splitlines() if "trialguide" in line]
        assert (done.returncode, complaints) == (0, [])


def test_advisories_are_checked_weekly_by_a_command_that_exists() -> None:
    timer, service = (FILE.with_name(f"trialguide-advisories.{kind}").read_text("utf-8") for kind in ("timer", "service"))
    assert "OnCalendar=weekly" in timer
    (command,) = re.findall(r"^ExecStart=.* -m tools (\w+)$", service, re.M)
    assert command in {module.rpartition(".")[2] for module in tools.__main__.COMMANDS}
