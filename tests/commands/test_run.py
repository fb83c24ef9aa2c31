"""`make run` from the outside: ready line, clean stop, taken port, broken content, no Python."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT, free_port
from rasa.shared.utils import cli, io

from trialguide.commands.rasa_server import print_without_colours
from trialguide.commands.setup import model_file
from trialguide.commands.shell import ask
from trialguide.commands.stack import CannotStart, Stack


@contextlib.contextmanager
def run(environment: dict[str, str]) -> Iterator["subprocess.Popen[str]"]:
    """`python -m trialguide run`, ended in any case when the test is over."""
    process = subprocess.Popen(
        [sys.executable, "-m", "trialguide", "run"],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(40)
        if process.stdout is not None:
            process.stdout.close()


@pytest.fixture
def ports(tmp_path: Path) -> dict[str, str]:
    return {"RASA_PORT": str(free_port()), "ACTIONS_PORT": str(free_port()), "CONVERSATIONS": str(tmp_path / "c.db")}


def test_run_starts_without_training_says_how_to_talk_and_stops_clean(model: Path, ports: dict[str, str]) -> None:
    with run(ports | {"PUBLIC_ADDRESS": "https://bot.example.org"}) as process:
        assert process.stdout is not None
        lines: list[str] = []
        for line in process.stdout:
            lines.append(line)
            if "Stop it with Ctrl-C" in line:
                break
        heard = "".join(lines)
        address = f"http://127.0.0.1:{ports['RASA_PORT']}"
        assert "https://bot.example.org/chat/" in heard
        assert "Training" not in heard
        assert not re.search("warning|deprecat", heard, re.IGNORECASE), heard
        conversation = ask(address, "hello", {})["conversation"]
        assert ask(address, "say", {"conversation": conversation, "id": "1", "text": "what is a placebo"})["accepted"]
        for closed in ("/conversations/me/tracker", "/webhooks/rest/webhook"):
            with pytest.raises(urllib.error.HTTPError, match="404"):
                urllib.request.urlopen(address + closed, timeout=5)
        children = child_processes(process.pid)
        assert len(children) == 2
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    assert not any(Path(f"/proc/{child}").exists() for child in children)


def test_run_says_that_it_is_ready_only_when_all_it_needs_answers(model: Path, ports: dict[str, str]) -> None:
    redis = free_port()
    with run(ports | {"REDIS_URL": f"redis://127.0.0.1:{redis}/0"}) as process:
        assert process.stdout is not None
        lines = [next(line for line in process.stdout if "Not ready" in line)]
        assert lines == ["Not ready yet; no answer from: lock.\n"]
        time.sleep(3)
        process.send_signal(signal.SIGINT)
        lines += process.stdout.readlines()
        assert process.wait(30) == 0
    assert "TrialGuide is ready" not in "".join(lines)


def child_processes(parent: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


def test_a_taken_port_is_said_in_one_sentence(stack: Stack, ports: dict[str, str]) -> None:
    with run(ports | {"RASA_PORT": str(stack.port)}) as process:
        heard, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert heard.strip() == (
        f"Port {stack.port} is taken by another program. Choose another one: RASA_PORT={stack.port + 100} make run"
    )


def test_what_rasa_prints_into_a_file_has_no_colour_codes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(io, "wrap_with_color", io.wrap_with_color)
    cli.print_success("Your model is", "trained.")
    assert "\x1b[92m" in capsys.readouterr().out
    print_without_colours()
    cli.print_success("Your model is", "trained.")
    assert capsys.readouterr().out == "Your model is trained.\n"


@pytest.mark.parametrize("port", ["http", "0", "70000", "-1"])
def test_a_port_that_is_none_is_said_in_one_sentence(model: Path, port: str) -> None:
    with run({"RASA_PORT": port}) as process:
        heard, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert heard.strip() == f"RASA_PORT must be a port number from 1 to 65535, not “{port}”."


def test_a_broken_model_is_said(model: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.tar.gz"
    broken.write_bytes(model.read_bytes()[:5000])
    with pytest.raises(CannotStart, match="is no trained model"), Stack(broken, free_port(), free_port(), tmp_path / "c.db"):
        pass


def test_a_missing_folder_for_the_conversations_is_said(model: Path, tmp_path: Path) -> None:
    nowhere = tmp_path / "missing" / "c.db"
    with pytest.raises(CannotStart, match="does not exist"), Stack(model, free_port(), free_port(), nowhere):
        pass


def test_a_server_that_ends_while_it_starts_is_said(model: Path, tmp_path: Path) -> None:
    stack = Stack(model, free_port(), free_port(), tmp_path / "c.db", launcher=("no_such_module",), log=tmp_path / "log")
    with pytest.raises(CannotStart, match="The Rasa server ended"), stack:
        pass
    assert not Path(f"/proc/{stack.process_id('action server')}").exists()


@pytest.fixture
def broken_content() -> Iterator[Path]:
    """The content with a fault in it; the file is put back afterwards."""
    file = ROOT / "data" / "faq" / "placebo.yml"
    before = file.read_bytes()
    file.write_bytes(before.replace(b"    - text: |-", b"   - text: |-\n  oops", 1))
    yield file
    file.write_bytes(before)


def test_broken_content_is_said_with_file_and_line(broken_content: Path, ports: dict[str, str]) -> None:
    with run(ports) as process:
        heard, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert re.search(r"^data/faq/placebo\.yml:\d+: This line does not fit the ones around it", heard, re.MULTILINE), heard
    assert "Traceback" not in heard


def test_the_model_is_the_one_of_the_data(model: Path) -> None:
    assert model == model_file()


@pytest.mark.parametrize(
    ("argument", "words"), [("", "TrialGuide needs Python 3.11 or 3.10"), ("python9.9", "is no Python 3.11 or 3.10")]
)
def test_without_a_fitting_python_one_sentence_says_what_to_do(argument: str, words: str, tmp_path: Path) -> None:
    script = tmp_path / "requirements" / "environment.sh"
    script.parent.mkdir()
    # Debian's own interpreter cannot be hidden, so the copy looks for it elsewhere.
    script.write_text(
        (ROOT / "requirements" / "environment.sh").read_text().replace("/usr/bin/python", str(tmp_path / "python"))
    )
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "dirname", "ls", "cmp"):
        path = shutil.which(name)
        assert path is not None
        (tools / name).symlink_to(path)
    done = subprocess.run(
        ["sh", str(script), argument],
        env={"PATH": str(tools), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
    assert words in done.stderr


def test_help_lists_the_targets() -> None:
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, timeout=60)
    for target in ("run", "shell", "test", "check", "score", "bench"):
        assert f"make {target}" in done.stdout
