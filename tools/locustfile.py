"""Replays the conversations of `tests/conversations/` as many people who come one after another, for Locust.

Locust has packages that Rasa does not allow, so it runs from an environment of its own (docs/reliability.md has the command).
"""

import random
import uuid
from pathlib import Path
from typing import Any

import yaml
from locust import HttpUser, between, task
from locust.exception import StopUser

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "conversations"
CONVERSATIONS: list[list[dict[str, Any]]] = [
    turns for file in sorted(FOLDER.glob("*.yml")) for turns in yaml.safe_load(file.read_text(encoding="utf-8")).values()
]


class Person(HttpUser):
    """Has one conversation over the website's HTTP API, with pauses, and leaves."""

    wait_time = between(0.5, 2)

    @task
    def converse(self) -> None:
        """A conversation of the tables; a message that is not acknowledged is sent again with its id, as the widget does."""
        route = uuid.uuid4().hex
        with self.client.post("/chat/api/hello", json={}, params={"route": route}, name="hello") as hello:
            conversation = hello.json()["conversation"]
        for turn in random.choice(CONVERSATIONS):  # noqa: S311
            body = {"conversation": conversation, "id": uuid.uuid4().hex, "text": turn["says"]}
            for _ in range(5):
                with self.client.post(
                    "/chat/api/say", json=body, params={"route": route}, name="say", catch_response=True
                ) as said:
                    answer = said.json() if said.ok else {}
                    if answer.get("accepted"):
                        if len(answer["entries"]) < 2:
                            said.failure("Acknowledged, and not answered.")
                        break
                    if answer.get("reason") in ("blank", "too_long", "invalid"):
                        said.success()
                        break
                    said.failure(f"Not acknowledged: {answer.get('reason', said.status_code)}")
            self.wait()
        raise StopUser
