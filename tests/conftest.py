"""Shared fixtures: the catalogue, the trained model and one running stack for the session."""

import json
import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from trialguide.commands.setup import prepare
from trialguide.commands.stack import Stack
from trialguide.content.catalogue import Catalogue, load_catalogue
from trialguide.content.files import load_yaml
from trialguide.runtime.circuit_breaker import known_services
from trialguide.runtime.settings import process_settings

ROOT = Path(__file__).resolve().parents[1]
# Where tests start programs, train or check copies of the whole content.
HEAVY = ("commands/", "content/test_check.py", "docs/", "reliability/", "stories/", "tools/", "web/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks each test by what it uses: `browser` for Chromium, `server` for a trained model or a program, else `unit`."""
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        is_heavy = "model" in fixtures or item.path.relative_to(ROOT / "tests").as_posix().startswith(HEAVY)
        item.add_marker("browser" if "browser" in fixtures else "server" if is_heavy else "unit")


def load_table(path: Path) -> Any:
    """A table of test cases."""
    return load_yaml(path)


def say(stack: Stack, sender: str, message: str) -> list[dict[str, Any]]:
    """Sends a message over Rasa's `rest` channel, which programs that are trusted use; the replies, in order."""
    body = json.dumps({"sender": sender, "message": message}).encode()
    request = urllib.request.Request(stack.rest, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as response:
        replies: list[dict[str, Any]] = json.load(response)
    return replies


def free_port() -> int:
    """A port that nobody uses just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(autouse=True)
def _fresh_process() -> Iterator[None]:
    """Each test reads the environment anew, and finds no service unavailable because an earlier test did."""
    process_settings.cache_clear()
    known_services.clear()
    yield
    process_settings.cache_clear()


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load_catalogue()


@pytest.fixture(scope="session")
def model() -> Path:
    """The model that fits the data; trained now if it is missing."""
    trained = prepare()
    assert trained is not None, "the content is broken: see the lines above"
    return trained


@pytest.fixture(scope="session")
def stack(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The real servers, started once for all tests."""
    folder = tmp_path_factory.mktemp("stack")
    running = Stack(model, free_port(), free_port(), folder / "conversations.db", auth_token="test-token", log=folder / "log")
    with running:
        yield running
