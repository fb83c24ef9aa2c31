"""A conversation in the terminal, with the assistant that is running or else with one started for it."""

import argparse
import json
import sys
import tempfile
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from typing import Any

from tools.run import port_from_environment, stack_from_environment
from tools.setup import prepare
from tools.stack import HOST, CannotStart


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments."""


def main(arguments: argparse.Namespace) -> int:
    """0 when the conversation ends, 1 when the assistant cannot be reached or started."""
    try:
        address = f"http://{HOST}:{port_from_environment('RASA_PORT', 5005)}"
        if _answers(address):
            _converse(address)
            return 0
        model = prepare()
        if model is None:
            return 1
        print("Starting the assistant ...", flush=True)
        stack = stack_from_environment(model)
        with tempfile.TemporaryDirectory() as folder:
            stack.log = Path(folder) / "log"
            with stack:
                _converse(stack.address)
    except (CannotStart, ValueError) as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


def say(address: str, sender: str, message: str) -> list[dict[str, Any]]:
    """Sends a message over Rasa's `rest` channel; the replies, in order. Raises urllib.error.URLError."""
    request = urllib.request.Request(
        f"{address}/webhooks/rest/webhook",
        json.dumps({"sender": sender, "message": message}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        replies: list[dict[str, Any]] = json.load(response)
    return replies


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as response:
            return b"Rasa" in response.read()
    except (urllib.error.URLError, OSError):
        return False


def _converse(address: str) -> None:
    sender = uuid.uuid4().hex
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
        if typed.isdecimal() and 0 < int(typed) <= len(choices):
            typed = choices[int(typed) - 1]
        choices = []
        for reply in say(address, sender, typed):
            print("\n" + str(reply.get("text") or reply.get("image") or ""))
            for button in reply.get("buttons", []):
                choices.append(button["payload"])
                print(f"  {len(choices)}. {button['title']}")
        print()
