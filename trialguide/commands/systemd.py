"""Notifications to systemd, by the protocol of sd_notify(3)."""

import logging
import socket

logger = logging.getLogger(__name__)

READY = "READY=1"
ALIVE = "WATCHDOG=1"
STOPPING = "STOPPING=1"
SEND_SECONDS = 1


def notify(address: str | None, state: str) -> None:
    """Sends a state to the socket of systemd; does nothing without one. A socket that is gone is only logged."""
    if not address:
        return
    # `@` stands for the null byte of an abstract socket.
    target = f"\0{address[1:]}" if address.startswith("@") else address
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sending:
            sending.settimeout(SEND_SECONDS)
            sending.sendto(state.encode(), target)
    except OSError as error:
        logger.error("systemd could not be notified: %s", type(error).__name__)
