"""Rasa's own checks: the data are valid without a warning, and the test stories are predicted without an error."""

import os
import subprocess
import sys
from pathlib import Path

from conftest import ROOT


def rasa(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Rasa's command line, its results written into a folder."""
    environment = os.environ | {
        "ACTION_ENDPOINT": "http://127.0.0.1:9/webhook",
        "CONVERSATIONS": str(folder / "conversations.db"),
    }
    command = [sys.executable, "-m", "trialguide.commands.rasa_server", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)


def test_the_data_are_valid_without_a_warning(tmp_path: Path) -> None:
    done = rasa("data", "validate", "--fail-on-warnings", "--max-history", "2", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stdout + done.stderr


def test_the_stories_are_predicted_without_an_error(model: Path, tmp_path: Path) -> None:
    stories = ["--stories", str(Path(__file__).parent), "--model", str(model), "--out", str(tmp_path)]
    done = rasa("test", "core", *stories, "--fail-on-prediction-errors", folder=tmp_path)
    failed = tmp_path / "failed_test_stories.yml"
    assert done.returncode == 0, done.stderr + (failed.read_text(encoding="utf-8") if failed.exists() else "")
    assert "None of the test stories failed" in failed.read_text(encoding="utf-8")
    assert failed.exists()
