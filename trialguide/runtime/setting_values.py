"""Parsers of setting values: each returns the value, or raises ValueError saying what is allowed."""

import ipaddress
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import SplitResult, urlsplit

import idna
from limits import parse_many
from redis.connection import parse_url

LOG_LEVELS = ("CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG")
LOG_FORMATS = ("text", "json")
SERVED = ("all", "checked", "reviewed")
POSTGRESQL = ("postgresql://", "postgres://", "postgresql+psycopg2://")
SHORTEST_KEY = 32
DEFAULT_PORTS = {"http": 80, "https": 443}
HOST = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")

Value = TypeVar("Value")


def whole_number(low: int, high: int, unit: str) -> Callable[[str], int]:
    """Parser of a whole number in a range; `unit` completes “must be a …”."""

    def parse(given: str) -> int:
        if not (given.isascii() and given.isdecimal() and low <= int(given) <= high):
            raise ValueError(f"must be a {unit} from {low} to {high}, not “{given}”.")
        return int(given)

    return parse


port = whole_number(1, 65535, "port number")


def seconds(longest: float) -> Callable[[str], float]:
    """Parser of a duration above 0 seconds."""

    def parse(given: str) -> float:
        try:
            value = float(given)
        except ValueError:
            value = math.nan
        if not 0 < value <= longest:
            raise ValueError(f"must be a number of seconds above 0 and at most {longest:g}, not “{given}”.")
        return value

    return parse


def one_of(allowed: tuple[str, ...]) -> Callable[[str], str]:
    """Parser of one of several words, which may be written in capitals."""

    def parse(given: str) -> str:
        for word in (given, given.lower()):
            if word in allowed:
                return word
        raise ValueError(f"must be {', '.join(allowed[:-1])} or {allowed[-1]}, not “{given}”.")

    return parse


def word(given: str) -> str:
    """A token, password or id. The sentence does not quote it."""
    if not re.fullmatch(r"[!-~]+", given):
        raise ValueError("must be one word of ASCII characters, without blanks.")
    return given


def auth_token(given: str) -> str:
    """The token of Rasa's HTTP API, which Rasa takes as an argument of its command line."""
    if given.startswith("-"):
        raise ValueError("must not begin with “-”.")
    return word(given)


def key(given: str) -> str:
    """The key that signs ids of conversations."""
    if len(given) < SHORTEST_KEY:
        raise ValueError(f"needs at least {SHORTEST_KEY} characters. Make one: openssl rand -hex 32")
    return given


def header_name(given: str) -> str:
    """The name of an HTTP header (RFC 9110)."""
    if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", given):
        raise ValueError(f"must be the name of a header such as X-Real-IP, not “{given}”.")
    return given


def listening_host(given: str) -> str:
    """An address of this machine to listen on."""
    try:
        ipaddress.ip_address(given)
    except ValueError:
        if not HOST.fullmatch(given.lower()) or given.replace(".", "").isdecimal():
            raise ValueError(f"must be an address to listen on such as 127.0.0.1, not “{given}”.") from None
    return given


def rate(example: str) -> Callable[[str], str]:
    """Parser of one or several rates, in the notation of `limits`."""

    def parse(given: str) -> str:
        try:
            sound = all(limit.amount > 0 and limit.get_expiry() > 0 for limit in parse_many(given))
        except ValueError:
            sound = False
        if not sound:
            raise ValueError(f"must be a rate such as “{example}”, not “{given}”.")
        return given

    return parse


def file_path(given: str) -> Path:
    """A file."""
    if "\0" in given or Path(given).is_dir():
        raise ValueError(f"must name a file, not “{given}”.")
    return Path(given)


def database_url(given: str) -> str:
    """The address of a PostgreSQL database as SQLAlchemy writes it. The sentence does not quote it: it holds a password."""
    # Imported here: a server silences it before it is loaded.
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        sound = given.startswith(POSTGRESQL) and bool(make_url(given))
    except (ArgumentError, ValueError):
        sound = False
    if not sound:
        raise ValueError("must be an address such as postgresql://user:password@host:5432/trialguide.")
    return "postgresql://" + given.partition("://")[2]


def redis_url(given: str) -> str:
    """The address of a Redis database."""
    try:
        parse_url(given)
    except ValueError:
        raise ValueError("must be an address such as redis://127.0.0.1:6379/2.") from None
    return given


def rabbitmq_url(given: str) -> str:
    """The address of a RabbitMQ virtual host."""
    try:
        parts = urlsplit(given)
        sound = parts.scheme in ("amqp", "amqps") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound:
        raise ValueError("must be an address such as amqp://user:password@host:5672/.")
    return given


def web_address(given: str) -> str:
    """An HTTP address without query or fragment; the host in ASCII, no slash at the end."""
    parts = _web_parts(given)
    if parts is None or parts.query or parts.fragment:
        raise ValueError(f"must be an address such as https://bot.example.org, not “{given}”.")
    return (_origin(parts) + parts.path).rstrip("/")


def origins(given: str) -> frozenset[str]:
    """Origins of web pages as a browser writes them (RFC 6454): lower case, IDNA, no default port.

    Raises ValueError with one sentence for each that is none.
    """
    found, faults = set(), []
    for origin in given.replace(",", " ").split():
        parts = _web_parts(origin)
        if "*" in origin:
            faults.append(
                f"holds a wildcard, “{origin}”. Name each host by itself: https://www.example.org https://app.example.org"
            )
        elif parts is None or parts.path.strip("/") or parts.query or parts.fragment:
            faults.append(
                f"holds “{origin}”, which is no origin. Write scheme and host, without a path: https://www.example.org"
            )
        else:
            found.add(_origin(parts))
    if faults:
        raise ValueError(*faults)
    return frozenset(found)


def telephone_numbers(given: str) -> str:
    """Telephone numbers with country code, each perhaps after `whatsapp:`, separated by blanks or commas; short codes too."""
    for number in given.replace(",", " ").split():
        if not re.fullmatch(r"(whatsapp:)?(\+[1-9]\d{6,14}|\d{3,8})", number):
            raise ValueError(f"must hold numbers such as +15017122661 or whatsapp:+15017122661, not “{number}”.")
    return given


def telegram_secret(given: str) -> str:
    """The text that Telegram sends along with every call."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", given):
        raise ValueError("must be 1 to 256 letters, digits, “_” and “-”.")
    return given


def _web_parts(given: str) -> SplitResult | None:
    """The parts of an HTTP address, with the host in ASCII; None for another text or one with a user's name."""
    try:
        parts = urlsplit(given)
        host = _ascii_host(parts.hostname or "")
        number = parts.port
    except ValueError:
        return None
    if parts.scheme not in DEFAULT_PORTS or not host or parts.username is not None or number == 0:
        return None
    # A colon without a number behind it means the default.
    suffix = "" if number in (None, DEFAULT_PORTS[parts.scheme]) else f":{number}"
    return parts._replace(netloc=host + suffix)


def _ascii_host(host: str) -> str:
    """The host as browsers write it. Raises ValueError."""
    if ":" in host:
        return f"[{ipaddress.IPv6Address(host)}]"
    # idna.IDNAError is a ValueError.
    host = host if host.isascii() else idna.encode(host, uts46=True).decode()
    if not HOST.fullmatch(host):
        raise ValueError(host)
    return host


def _origin(parts: SplitResult) -> str:
    return f"{parts.scheme}://{parts.netloc}"
