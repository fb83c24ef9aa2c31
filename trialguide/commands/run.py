"""Runs the assistant until Ctrl-C."""

import argparse
import json
import os
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from trialguide.commands import systemd
from trialguide.commands.setup import prepare
from trialguide.commands.stack import CannotStart, Stack
from trialguide.commands.systemd import notify
from trialguide.content.files import ROOT
from trialguide.runtime.settings import InvalidSettings, Settings, read_settings

READY = """
TrialGuide is ready.
Open it in a browser:     {address}/chat/
Talk to it in a terminal: make shell   (in a second one)
Stop it with Ctrl-C."""


State = dict[str, Any]
# A server that is stuck more often has a fault that a restart does not mend.
MOST_RESTARTS, RESTART_SECONDS = 5, 3600


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments; the settings are environment variables."""


def main(arguments: argparse.Namespace) -> int:
    """0 after Ctrl-C or SIGTERM, 1 when the assistant cannot start or a server ends by itself."""
    try:
        settings = read_settings(os.environ, needs_key=True)
    except InvalidSettings as problem:
        print(problem, file=sys.stderr)
        return 1
    model = prepare()
    if model is None:
        return 1
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    try:
        with stack_of(settings, model) as stack:
            _watch(stack, stopping, settings.notify_socket, settings.public_address)
            notify(settings.notify_socket, systemd.STOPPING)
            print("\nStopping ...", flush=True)
    except CannotStart as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


def _watch(
    stack: Stack, stopping: threading.Event, notify_socket: str | None = None, public_address: str | None = None
) -> None:
    """Says once that the assistant is ready and where, restarts stuck servers, and returns when it is to stop.

    Raises CannotStart when a server ends by itself. systemd is notified at once that the servers run, and then as long as the
    Rasa server answers, ready or not: a restart would not bring back a database that is away.
    """
    ready, state = False, State()
    restarts: list[float] = []
    notify(notify_socket, systemd.READY)
    while not stopping.wait(1 if ready else 0.2):
        if ended := stack.ended():
            _restart_stuck(stack, ended, restarts)
        if notify_socket and _is_live(stack):
            notify(notify_socket, systemd.ALIVE)
        if ready:
            continue
        state, before = _readiness(stack), state
        ready = state["status"] != "not ready"
        if ready:
            print(READY.format(address=public_address or stack.address), flush=True)
        elif state != before:
            away = ", ".join(name for name, how in state.items() if how == "away")
            print(f"Not ready yet; no answer from: {away}.", file=sys.stderr, flush=True)


def _restart_stuck(stack: Stack, name: str, restarts: list[float]) -> None:
    """Restarts a server that its watchdog has ended; `restarts` holds the times so far.

    Raises CannotStart for any other end.
    """
    now = time.monotonic()
    restarts[:] = [at for at in restarts if at > now - RESTART_SECONDS]
    if not stack.is_stuck(name):
        raise CannotStart(f"The {name} ended by itself; the lines above say why.")
    if len(restarts) >= MOST_RESTARTS:
        raise CannotStart(f"The {name} was stuck {MOST_RESTARTS + 1} times within an hour; the lines above say when.")
    restarts.append(now)
    print(f"The {name} was stuck; it is restarted.", file=sys.stderr, flush=True)
    stack.restart(name)


def stack_of(settings: Settings, model: Path) -> Stack:
    """The servers with ports, token and database as the operator sets them."""
    return Stack(
        model=model,
        port=settings.rasa_port,
        actions_port=settings.actions_port,
        conversations=ROOT / settings.conversations,
        auth_token=settings.auth_token,
    )


def _is_live(stack: Stack) -> bool:
    try:
        with urllib.request.urlopen(f"{stack.address}/health/live", timeout=5):
            return True
    except OSError:
        return False


def _readiness(stack: Stack) -> State:
    """What `/health/ready` says. Raises CannotStart when the Rasa server has no model: it would answer nobody."""
    try:
        with urllib.request.urlopen(f"{stack.address}/health/ready", timeout=5) as response:
            state: State = json.load(response)
    except urllib.error.HTTPError as refusal:
        state = json.load(refusal)
    except OSError:
        return {"status": "not ready", "Rasa server": "away"}
    if state["model"] is None:
        raise CannotStart("The Rasa server could not load the model; the lines above say why.")
    return state
