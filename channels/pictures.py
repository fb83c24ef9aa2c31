"""Serves the pictures that go with answers, under `/pictures/`."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint, response
from sanic.exceptions import NotFound
from sanic.request import Request
from sanic.response import HTTPResponse

PICTURES = Path(__file__).resolve().parents[1] / "web" / "pictures"
# An SVG can hold scripts; none of ours does, and with these headers none could run.
HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'", "X-Content-Type-Options": "nosniff"}


class Pictures(InputChannel):
    """Not a conversation channel: Rasa lets every channel bring routes of its own."""

    def url_prefix(self) -> str:
        """An absolute path, so that the pictures do not lie under `/webhooks/`."""
        return "/pictures"

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[None]]) -> Blueprint:
        pictures = Blueprint("pictures")
        known = {file.name: file for file in PICTURES.glob("*.svg")}

        @pictures.get("/<name:str>")
        async def picture(request: Request, name: str) -> HTTPResponse:
            if name not in known:
                raise NotFound(f"There is no picture {name}.")
            return await response.file(known[name], mime_type="image/svg+xml", headers=HEADERS)

        return pictures
