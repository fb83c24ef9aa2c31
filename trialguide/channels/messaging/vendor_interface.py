"""Vendor interface: the methods that each messaging service implements; base.py holds what they share."""

from abc import abstractmethod
from collections.abc import Iterable
from typing import Any

from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from trialguide.channels.messaging.rendering import Capabilities, RenderedMessage
from trialguide.channels.messaging.webhook_events import VendorMessage


class VendorInterface:
    """Authenticates and parses a vendor's webhooks, and calls its API."""

    capabilities: Capabilities
    # Seconds after a person's last message within which the service allows a message to them; None for no limit.
    window_seconds: float | None = None

    @abstractmethod
    async def is_authentic(self, request: Request) -> bool:
        """Whether the vendor itself sent the request."""

    @abstractmethod
    def events(self, request: Request) -> Iterable[Any]:
        """The events in a request."""

    @abstractmethod
    def parse_event(self, event: Any) -> VendorMessage | None:
        """The message in an event, or None for an event that needs no answer. May raise any of `MALFORMED`."""

    async def confirm_receipt(self, message: VendorMessage) -> None:
        """Confirms to the person that an action arrived, where the vendor's app waits for it."""

    @abstractmethod
    async def send(self, reply_to: Any, message: RenderedMessage) -> None:
        """Sends a message. Raises ApiError."""

    def capabilities_for(self, reply_to: Any) -> Capabilities:
        """What this person's app can show."""
        return self.capabilities

    def acknowledgement(self, request: Request) -> HTTPResponse:
        """The response that the vendor expects to a webhook."""
        return response.empty(status=200)

    def add_routes(self, blueprint: Blueprint) -> None:
        """Adds routes and listeners beside the webhook."""
