"""Conversation in the terminal, with the running assistant or with one started for it."""

import argparse
import json
import sys
import tempfile
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from typing import Any

from trialguide.commands.run import stack_of
from trialguide.commands.setup import prepare
from trialguide.commands.stack import HOST, CannotStart
from trialguide.content.wording import load_words, source_line
from trialguide.runtime.settings import InvalidSettings, process_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments."""


def main(arguments: argparse.Namespace) -> int:
    """0 when the conversation ends, 1 when the assistant cannot be reached or started."""
    try:
        settings = process_settings()
        address = f"http://{HOST}:{settings.rasa_port}"
        if _answers(address):
            _converse(address)
            return 0
        model = prepare()
        if model is None:
            return 1
        print("Starting the assistant ...", flush=True)
        stack = stack_of(settings, model)
        with tempfile.TemporaryDirectory() as folder:
            stack.log = Path(folder) / "log"
            with stack:
                _converse(stack.address)
    except (CannotStart, InvalidSettings) as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


def ask(address: str, what: str, body: dict[str, Any]) -> dict[str, Any]:
    """Asks the front door over HTTP: `hello` or `say`. Raises urllib.error.URLError."""
    request = urllib.request.Request(
        f"{address}/chat/api/{what}", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        answer: dict[str, Any] = json.load(response)
    return answer


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as response:
            return b"Rasa" in response.read()
    except (urllib.error.URLError, OSError):
        return False


def _converse(address: str) -> None:
    conversation = ask(address, "hello", {})["conversation"]
    choices: list[str] = []
    print("Type a question, or the number of a choice. An empty line or Ctrl-D ends the conversation.\n")
    while True:
        try:
            typed = input("You: ").strip()
        except (EOFError, KeyboardInterrupt):
            typed = ""
        if not typed:
            print()
            return
        chosen = typed.isdecimal() and 0 < int(typed) <= len(choices)
        said = {"token": choices[int(typed) - 1]} if chosen else {"text": typed}
        answer = ask(address, "say", {"conversation": conversation, "id": uuid.uuid4().hex} | said)
        if not answer["accepted"]:
            print(f"\n{answer['text']}\n")
            continue
        choices = []
        for entry in answer["entries"]:
            if entry["from"] == "assistant":
                choices += _show(entry, len(choices))
        print()


def _show(entry: dict[str, Any], shown: int) -> list[str]:
    """Prints an entry and returns the tokens of its choices, numbered after those already shown."""
    print("\n" + entry["text"])
    if "picture" in entry:
        print(entry["picture"]["alternative"])
    if "sources" in entry:
        print(source_line(load_words()["source_line"]["text"], entry["sources"], entry.get("status", "")))
    for number, choice in enumerate(entry.get("choices", []), start=shown + 1):
        print(f"  {number}. {choice['title']}")
    return [choice["token"] for choice in entry.get("choices", [])]
