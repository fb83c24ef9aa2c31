"""Serves the pictures that go with answers, under `/pictures/`."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint

PICTURES = Path(__file__).resolve().parents[1] / "web" / "pictures"


class Pictures(InputChannel):
    """Not a conversation channel: Rasa lets every channel bring routes of its own."""

    def url_prefix(self) -> str:
        """An absolute path, so that the pictures do not lie under `/webhooks/`."""
        return "/pictures"

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[None]]) -> Blueprint:
        pictures = Blueprint("pictures")
        pictures.static("/", str(PICTURES), content_type=None)
        return pictures
