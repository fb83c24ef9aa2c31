"""The way of an editor, from a question that was not understood to its answer, in a copy of the project."""

import os
import re
import subprocess
import sys
import uuid
from html import unescape
from pathlib import Path
from shutil import copytree, ignore_patterns
from time import perf_counter

from conftest import ROOT, free_port, say

from trialguide.commands.stack import Stack

# What the copy need not have.
LEFT_OUT = ignore_patterns(".git", ".venv-*", ".rasa", "*.tar.gz", "*_cache", "__pycache__", "node_modules", "*.db*")
# One of these is not understood yet. Whoever adds it to the examples adds another one here.
QUESTIONS = (
    "where do i leave my car while the study nurse sees me",
    "does the study nurse validate parking tickets when I come for my visits",
    "who looks after my children on the days when I am at the trial site",
    "may my dog wait with me while they take blood for the study",
)
ROW = re.compile(r'<tr><th scope="row">(.*?)</th><td>(.*?)</td><td>(data/faq/\w+\.yml)</td><td>(- .*?)</td>')
GROUP = re.compile(r"Line for <code>(data/faq/\w+\.yml)</code>:</p>\s*<pre>\s*(- .*?)</pre>")


def tool(folder: Path, *command: str, **environment: str) -> str:
    """Runs a tool as an editor does; what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "trialguide", *command], cwd=folder, env=os.environ | environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def answered(stack: Stack, question: str) -> str:
    """What is replied to a question at the start of a conversation."""
    return "\n".join(reply.get("text", "") for reply in say(stack, uuid.uuid4().hex, question))


def test_an_unanswered_question_is_answered_after_a_line_was_pasted(model: Path, tmp_path: Path) -> None:
    times: dict[str, float] = {}
    copy = copytree(ROOT, tmp_path / "copy", ignore=LEFT_OUT)
    begun = perf_counter()

    def served(trained: Path) -> Stack:
        return Stack(trained, free_port(), free_port(), tmp_path / "conversations.db", auth_token="t", log=tmp_path / "log")

    def took(step: str) -> None:
        nonlocal begun
        times[step], begun = perf_counter() - begun, perf_counter()

    with served(model) as stack:
        for question in QUESTIONS:
            answered(stack, question)
    took("questions")

    tool(copy, "report", "--out", "report.html", CONVERSATIONS=str(tmp_path / "conversations.db"))
    page = (copy / "report.html").read_text(encoding="utf-8")
    lines = [(file, unescape(line)) for _, _, file, line in ROW.findall(page)]
    lines += [(file, unescape(line)) for file, line in GROUP.findall(page)]
    file, line = next((file, line) for file, line in lines if line.removeprefix("- ") in QUESTIONS)
    took("report")

    answer = copy / file
    answer.write_text(answer.read_text(encoding="utf-8").rstrip("\n") + f"\n      {line}\n", encoding="utf-8")
    assert "0 to mend" in tool(copy, "check") or "in order" in tool(copy, "check")
    took("check")
    tool(copy, "setup")
    (trained,) = (copy / "models").glob("trialguide-*.tar.gz")
    took("training")

    first_words = re.search(r"text: \|-\n\s+(.{30})", answer.read_text(encoding="utf-8"))
    assert first_words
    with served(trained) as stack:
        assert first_words[1] in answered(stack, line.removeprefix("- "))
    took("the same question")
    print({step: round(seconds, 1) for step, seconds in times.items()})
