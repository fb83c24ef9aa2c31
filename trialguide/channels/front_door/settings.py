"""What the operator sets for the front door, read from the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from limits import parse_many

from trialguide.channels.front_door.identity import signing_key

# Quick typing passes; a hospital or a ward shares one address.
SENDER_RATE = "10 per 10 seconds; 300 per hour"
ADDRESS_RATE = "200 per 10 seconds"
TURN_SECONDS = 20.0


@dataclass(frozen=True)
class Settings:
    """The settings of the front door; `origins` is None for this server's own and those of the same machine."""

    key: bytes
    origins: frozenset[str] | None
    sender_rate: str
    address_rate: str
    redis: str | None
    turn_seconds: float


def settings_from(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings. Raises ValueError, with a sentence for the operator, for one that cannot be."""
    conversations = Path(environment.get("CONVERSATIONS", "conversations.db"))
    return Settings(
        key=signing_key(environment.get("FRONT_DOOR_KEY"), conversations),
        origins=_origins(environment.get("ALLOWED_ORIGINS", "")),
        sender_rate=_rate(environment, "SENDER_RATE", SENDER_RATE),
        address_rate=_rate(environment, "ADDRESS_RATE", ADDRESS_RATE),
        redis=_redis(environment.get("REDIS_URL") or None),
        turn_seconds=_seconds(environment.get("TURN_SECONDS", str(TURN_SECONDS))),
    )


def _origins(given: str) -> frozenset[str] | None:
    origins = given.replace(",", " ").split()
    for origin in origins:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or not parts.netloc or f"{parts.scheme}://{parts.netloc}" != origin:
            raise ValueError(
                f"ALLOWED_ORIGINS: “{origin}” is no origin. Write scheme and host, without a path: https://www.example.org"
            )
    return frozenset(origins) if origins else None


def _rate(environment: Mapping[str, str], variable: str, otherwise: str) -> str:
    value = environment.get(variable) or otherwise
    try:
        parse_many(value)
    except ValueError:
        raise ValueError(f"{variable}: “{value}” is no rate. Write it like “{otherwise}”.") from None
    return value


def _redis(given: str | None) -> str | None:
    if given and not given.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("REDIS_URL must be an address such as redis://127.0.0.1:6379/2.")
    return given


def _seconds(given: str) -> float:
    try:
        seconds = float(given)
    except ValueError:
        seconds = 0
    if not 0 < seconds <= 300:
        raise ValueError(f"TURN_SECONDS must be a number of seconds from 1 to 300, not “{given}”.")
    return seconds
