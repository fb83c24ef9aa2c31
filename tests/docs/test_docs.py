"""The documentation names settings, files, headings and commands that exist, and every setting."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from conftest import ROOT, free_port

import tools.__main__
import trialguide.__main__
from trialguide.commands.command_line import run_command
from trialguide.runtime.settings import FILE, NAMES, SECRETS

GUIDES = [*(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")), *sorted((ROOT / "docs").glob("*.md"))]
TEXTS = {file.relative_to(ROOT).as_posix(): file.read_text(encoding="utf-8") for file in GUIDES}
EVERYTHING = "\n".join(TEXTS.values())
SETTINGS = TEXTS["docs/running.md"] + TEXTS["docs/channels.md"]
# The guide's example of a topic; and what commands make, so that it is missing in a fresh clone.
MADE = (
    "data/faq/waiting_times.yml",
    ".venv",
    ".rasa",
    "models/",
    "web/built",
    "report.html",
    "papers/",
    "sbom-3.1",
    "bench.json",
    "conversations.",
    "certificates",
)
# By commands.
WRITTEN = ("docs/benchmark.md", "docs/performance.md", "docs/understanding.md")
PROGRAMS = {"trialguide": trialguide.__main__.COMMANDS, "tools": tools.__main__.COMMANDS}


def documented_settings() -> set[str]:
    """Variables in the first column of a table."""
    rows = re.findall(r"^\| (`[A-Z][A-Z0-9_]+`(?:, `[A-Z][A-Z0-9_]+`)*) \|", SETTINGS, re.M)
    return {name for row in rows for name in re.findall(r"\w+", row)}


def read_elsewhere() -> set[str]:
    """Variables of `make` and of compose.yml."""
    of_make = set(re.findall(r"^(\w+) \?=", (ROOT / "Makefile").read_text(), re.M))
    return of_make | set(re.findall(r"\$\{(\w+)", (ROOT / "compose.yml").read_text()))


def test_every_variable_that_is_read_is_in_a_table_and_none_else() -> None:
    assert documented_settings() == NAMES | read_elsewhere()


def test_variables_are_read_by_the_settings_alone() -> None:
    named = re.compile(r"""os\.(?:environ(?:\.get|\.setdefault)?|getenv)[(\[]["'](\w+)""")
    files = [*(ROOT / "trialguide").rglob("*.py"), *(ROOT / "actions").rglob("*.py"), ROOT / "endpoints.yml"]
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert {*named.findall(text), *re.findall(r"^.*: \$\{(\w+)", text, re.M)} <= NAMES, file


def test_the_guide_names_every_secret_that_a_file_may_hold() -> None:
    (paragraph,) = [part for part in TEXTS["docs/running.md"].split("\n\n") if f"append `{FILE}`" in part]
    assert {name for name in SECRETS if f"`{name}`" not in paragraph and not name.endswith(("_TOKEN", "_SECRET"))} == set()


def headings(file: Path) -> set[str]:
    """Anchors of a page, as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", file.read_text(encoding="utf-8"), flags=re.M | re.S)
    titles = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def links(name: str) -> Iterator[tuple[str, str]]:
    for target in re.findall(r"\]\(([^)\s]+)\)", TEXTS[name]):
        if "://" not in target and not target.startswith("/"):
            path, _, anchor = target.partition("#")
            yield path, anchor


@pytest.mark.parametrize("name", TEXTS)
def test_links_lead_to_files_and_headings_that_exist(name: str) -> None:
    for path, anchor in links(name):
        file = ((ROOT / name).parent / path).resolve() if path else ROOT / name
        assert file.exists(), f"{name}: {path}"
        assert not anchor or anchor in headings(file), f"{name}: {path}#{anchor}"


@pytest.mark.parametrize("name", TEXTS)
def test_files_that_are_named_exist(name: str) -> None:
    roots = {entry.name for entry in ROOT.iterdir() if not entry.name.startswith(".")}
    for path in re.findall(r"`([\w.*<>/-]+)`", TEXTS[name]):
        first = path.partition("/")[0]
        if "/" not in path or first not in roots or path.startswith(MADE):
            continue
        pattern = re.sub(r"<[^>]*>", "*", path).rstrip("/")
        assert next(ROOT.glob(pattern), None), f"{name}: {path}"


FILE_NAME = re.compile(r"`(\w[\w./-]*\.(?:py|ya?ml|md|csv|json|ts|mjs|html|svg|toml|in|txt|sh|css|template))`")


@pytest.mark.parametrize("name", TEXTS)
def test_names_of_files_end_the_path_of_one_that_exists(name: str) -> None:
    """Guides shorten paths: `turn_runner.py`, `nlu/worker.py`."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    paths = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    ends = {"/".join(parts[start:]) for parts in (path.split("/") for path in paths) for start in range(len(parts))}
    assert {path for path in FILE_NAME.findall(TEXTS[name]) if not path.startswith(MADE)} <= ends


def start_commands() -> set[str]:
    """The commands of `make` in the README's start section."""
    section = TEXTS["README.md"].partition("\n## Start\n")[2].partition("\n## ")[0]
    return set(re.findall(r"(?:^|`)(make \w+(?: \w+=\w+)?)", section, re.M))


def test_the_commands_of_the_start_section_work(model: Path, tmp_path: Path) -> None:
    """Except for `make test`, which is what runs this test: `test_targets_of_make_exist` parses it."""
    assert start_commands() == {"make run", "make shell", "make help", "make test", "make test FAST=1"}
    make = ["make", "--no-print-directory", f"PYTHON={sys.executable}"]
    ports = {"RASA_PORT": str(free_port()), "ACTIONS_PORT": str(free_port())}
    environment = os.environ | ports | {"CONVERSATIONS": str(tmp_path / "conversations.db")}
    listed = subprocess.run([*make, "help"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60).stdout
    assert {"make run", "make shell", "make test"} <= set(re.findall(r"make [a-z]+", listed))
    # A session of its own, so that SIGINT reaches it as Ctrl-C does: make and what it runs.
    with subprocess.Popen(
        [*make, "run"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as running:
        assert running.stdout is not None
        try:
            printed = ""
            while "Ctrl-C" not in printed:
                printed += next(running.stdout)
            assert f"http://127.0.0.1:{ports['RASA_PORT']}/chat/" in printed
            talk = subprocess.run(
                [*make, "shell"],
                cwd=ROOT,
                env=environment,
                input="what is a placebo\n",
                capture_output=True,
                text=True,
                timeout=120,
            )
        finally:
            os.killpg(running.pid, signal.SIGINT)
        running.stdout.read()
        running.wait(60)
    assert talk.returncode == 0, talk.stderr
    (shown,) = re.findall(r"^ +(A placebo [^.]+\.)", TEXTS["README.md"], re.M)
    assert shown in talk.stdout


def commands() -> list[tuple[str, str, tuple[str, ...]]]:
    """Each command with its program and the options that the guides write behind it."""
    found = re.findall(r"python -m (trialguide|tools) ([a-z]+)((?: [^\s`|]+)*)", EVERYTHING)
    options: dict[tuple[str, str], set[str]] = {}
    for program, command, rest in found:
        options.setdefault((program, command), set()).update(re.findall(r"--[a-z-]+", rest))
    # Of the version before 0.1.0, whose data a guide tells to take along.
    del options["tools", "backup"]
    return [(*key, tuple(sorted(given))) for key, given in sorted(options.items())]


@pytest.mark.parametrize(("program", "command", "options"), commands(), ids=lambda part: str(part))
def test_commands_and_options_exist(
    program: str,
    command: str,
    options: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.argv", [program, command, "--help"])
    package = {"trialguide": "trialguide.commands", "tools": "tools"}[program]
    with pytest.raises(SystemExit) as ended:
        run_command(program, "", package, PROGRAMS[program])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert [option for option in options if option not in shown] == []


@pytest.mark.parametrize("module", sorted(set(re.findall(r"python -m ((?:trialguide|tools)\.[a-z_.]+)", EVERYTHING))))
def test_modules_that_are_run_exist(module: str) -> None:
    assert find_spec(module.rstrip("."))


def test_targets_of_make_exist() -> None:
    lines = re.findall(r"(?:`|^)(?:[A-Z_]+=\S+ )*make ([a-z]+(?: [A-Z]+=\S+| clean| setup)*)\s*(?:`|#|$)", EVERYTHING, re.M)
    assert {"run", "test", "check", "setup", "shell"} <= {line.split()[0] for line in lines}
    for line in sorted(set(lines)):
        done = subprocess.run(["make", "-n", *line.split()], cwd=ROOT, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, (line, done.stderr)


@pytest.mark.parametrize("name", [name for name in TEXTS if name not in WRITTEN])
def test_lines_are_short_enough_to_read(name: str) -> None:
    """Rows of tables, code and addresses are left out."""
    text = re.sub(r"^```.*?^```", "", TEXTS[name], flags=re.M | re.S)
    assert [line for line in text.splitlines() if len(line) > 140 and not line.startswith("|") and "](http" not in line] == []
