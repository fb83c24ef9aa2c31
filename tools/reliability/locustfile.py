"""Locust users who replay the conversations of `tests/conversations/` (started by tools/reliability/replay.py).

Locust has packages that Rasa does not allow, so it runs from an environment of its own (docs/reliability.md has the command).
"""

import os
import random
import uuid
from pathlib import Path
from typing import Any

import gevent
import urllib3
import yaml
from locust import HttpUser, between, events, task

from trialguide.content.files import ROOT

FOLDER = ROOT / "tests" / "conversations"
CONVERSATIONS: list[list[dict[str, Any]]] = [
    turns
    for file in sorted(FOLDER.glob("*.yml"))
    if isinstance(tables := yaml.safe_load(file.read_text(encoding="utf-8")), dict)
    for turns in tables.values()
]
# Conversations in all, without end where it is 0; and the file for each message: conversation, id, what became of it.
MOST = int(os.environ.get("REPLAY_CONVERSATIONS", "0"))
RECORD = os.environ.get("REPLAY_RECORD")
TRIES = 20

urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
begun = 0
record: list[str] = []


class Person(HttpUser):
    """Has one conversation after another over the website's HTTP API, each as somebody new, with pauses."""

    wait_time = between(0.5, 2)

    def on_start(self) -> None:
        """The certificate is of the replay's own making."""
        self.client.verify = False

    @task
    def converse(self) -> None:
        """A conversation of the tables; a message that is not acknowledged is sent again with its id, as the widget does."""
        global begun
        if MOST and begun >= MOST:
            # In a greenlet of its own: it ends this one.
            gevent.spawn(self.environment.runner.quit)
            return
        begun += 1
        route = uuid.uuid4().hex
        hello = self.client.post("/chat/api/hello", json={}, params={"route": route}, name="hello")
        conversation = hello.json()["conversation"]
        for turn in random.choice(CONVERSATIONS):  # noqa: S311
            self._say(conversation, route, turn["says"])
            self.wait()

    def _say(self, conversation: str, route: str, text: str) -> None:
        body = {"conversation": conversation, "id": uuid.uuid4().hex, "text": text}
        outcome = "refused"
        for _ in range(TRIES):
            with self.client.post("/chat/api/say", json=body, params={"route": route}, name="say", catch_response=True) as said:
                answer = said.json() if said.ok else {}
                if answer.get("accepted"):
                    outcome = "acknowledged"
                    if len(answer["entries"]) < 2:
                        said.failure("Acknowledged, and not answered.")
                    break
                if answer.get("reason") in ("blank", "too_long", "invalid"):
                    said.success()
                    outcome = "invalid"
                    break
                said.failure(f"Not acknowledged: {answer.get('reason', said.status_code)}")
        record.append(f"{route} {body['id']} {outcome}")


@events.quitting.add_listener
def write_record(**_: Any) -> None:
    """Leaves what was sent for `tools/reliability/replay.py` to count."""
    if RECORD:
        Path(RECORD).write_text("\n".join(record) + "\n", encoding="utf-8")
