"""Settings of a process: every environment variable, read once and checked once."""

import os
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from trialguide.runtime import messaging_settings
from trialguide.runtime import setting_values as values
from trialguide.runtime.signing_key import signing_key

SENDER_RATE = "10 per 10 seconds; 300 per hour"
ADDRESS_RATE = "200 per 10 seconds"
FILE = "_FILE"


class InvalidSettings(ValueError):
    """Settings that are not allowed: one sentence a line, each with the variable, what was given and what is allowed."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))


def _variable(name: str, parse: Callable[[str], Any], default: str = "", secret: bool = False) -> dict[str, Any]:
    """Metadata of a field; its value is None when the variable is empty or unset and there is no default.

    A secret may be given in a file, which the variable with `_FILE` behind its name holds the path of.
    """
    return {"name": name, "parse": parse, "default": default, "secret": secret}


@dataclass(frozen=True)
class Settings:
    """The settings, each under its variable. `origins` is None for the server's own pages and those of the same machine."""

    rasa_port: int = field(metadata=_variable("RASA_PORT", values.port, "5005"))
    actions_port: int = field(metadata=_variable("ACTIONS_PORT", values.port, "5055"))
    rasa_host: str = field(metadata=_variable("RASA_HOST", values.listening_host, "127.0.0.1"))
    actions_host: str = field(metadata=_variable("ACTIONS_HOST", values.listening_host, "127.0.0.1"))
    action_endpoint: str | None = field(metadata=_variable("ACTION_ENDPOINT", values.web_address))
    action_seconds: float = field(metadata=_variable("ACTION_SECONDS", values.seconds(5), "2.5"))
    turn_seconds: float = field(metadata=_variable("TURN_SECONDS", values.seconds(300), "20"))
    request_seconds: float = field(metadata=_variable("REQUEST_SECONDS", values.seconds(300), "10"))
    watchdog_seconds: float = field(metadata=_variable("WATCHDOG_SECONDS", values.seconds(86400), "20"))
    # Sanic reads these by itself, with the defaults that `sanic_variables` gives it.
    stop_seconds: float = field(metadata=_variable("SANIC_GRACEFUL_SHUTDOWN_TIMEOUT", values.seconds(60), "3"))
    backlog: int = field(metadata=_variable("SANIC_BACKLOG", values.whole_number(1, 65535, "number of connections"), "1024"))
    proxies: int | None = field(metadata=_variable("SANIC_PROXIES_COUNT", values.whole_number(0, 20, "number of proxies")))
    ip_header: str | None = field(metadata=_variable("SANIC_REAL_IP_HEADER", values.header_name))

    conversations: Path = field(metadata=_variable("CONVERSATIONS", values.file_path, "conversations.db"))
    conversation_days: int = field(
        metadata=_variable("CONVERSATION_DAYS", values.whole_number(1, 3650, "number of days"), "30")
    )
    database_url: str | None = field(metadata=_variable("DATABASE_URL", values.database_url, secret=True))
    redis: str | None = field(metadata=_variable("REDIS_URL", values.redis_url, secret=True))
    rabbitmq: str | None = field(metadata=_variable("RABBITMQ_URL", values.rabbitmq_url, secret=True))
    rabbitmq_queue: str | None = field(metadata=_variable("RABBITMQ_QUEUE", values.word))

    # The lowest status of the answers that patients get.
    serve: str = field(metadata=_variable("SERVE", values.one_of(values.SERVED), "all"))
    public_address: str | None = field(metadata=_variable("PUBLIC_ADDRESS", values.web_address))
    origins: frozenset[str] | None = field(metadata=_variable("ALLOWED_ORIGINS", values.origins))
    sender_rate: str = field(metadata=_variable("SENDER_RATE", values.rate(SENDER_RATE), SENDER_RATE))
    address_rate: str = field(metadata=_variable("ADDRESS_RATE", values.rate(ADDRESS_RATE), ADDRESS_RATE))
    front_door_key: str | None = field(metadata=_variable("FRONT_DOOR_KEY", values.key, secret=True))
    auth_token: str | None = field(metadata=_variable("RASA_AUTH_TOKEN", values.auth_token, secret=True))
    metrics_token: str | None = field(metadata=_variable("METRICS_TOKEN", values.word, secret=True))

    log_level: str = field(metadata=_variable("LOG_LEVEL", values.one_of(values.LOG_LEVELS), "WARNING"))
    # Set by systemd for a unit of the type notify.
    notify_socket: str | None = field(metadata=_variable("NOTIFY_SOCKET", values.word))
    log_format: str = field(metadata=_variable("LOG_FORMAT", values.one_of(values.LOG_FORMATS), "text"))
    # By channel, for those that are set up.
    services: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def sanic_variables(self) -> dict[str, str]:
        """Variables for Sanic, whose own defaults are 15 seconds and 100 connections."""
        return {"SANIC_GRACEFUL_SHUTDOWN_TIMEOUT": f"{self.stop_seconds:g}", "SANIC_BACKLOG": str(self.backlog)}

    @cached_property
    def key(self) -> bytes:
        """The key that signs ids. Raises ValueError, with a sentence for the operator."""
        return signing_key(self.front_door_key, self.conversations)


OWN: tuple[Field, ...] = tuple(one for one in fields(Settings) if one.metadata)
SECRETS = frozenset(one.metadata["name"] for one in OWN if one.metadata["secret"]) | messaging_settings.SECRETS
NAMES = frozenset(one.metadata["name"] for one in OWN) | set(messaging_settings.NAMES)


@cache
def process_settings() -> Settings:
    """The settings of this process. Raises InvalidSettings."""
    return read_settings(os.environ)


def read_settings(environment: Mapping[str, str], needs_key: bool = False) -> Settings:
    """The settings in an environment; with `needs_key` the key's file is checked too, or made. Raises InvalidSettings."""
    faults: list[str] = []
    found: dict[str, Any] = {one.name: _own(environment, one, faults) for one in OWN}
    given = {}
    for name in messaging_settings.NAMES:
        value = _parsed(environment, name, messaging_settings.parser(name), faults)
        if value is not None or _is_given(environment, name):
            given[name] = value or ""
    found["services"], half = messaging_settings.services(given, found["public_address"])
    faults += half + _contradictions(found)
    if needs_key and not _is_given(environment, "FRONT_DOOR_KEY") and found["conversations"].parent.is_dir():
        faults += _key_faults(found["conversations"])
    if faults:
        raise InvalidSettings(faults)
    return Settings(**found)


def _is_given(environment: Mapping[str, str], name: str) -> bool:
    return bool(environment.get(name) or (name in SECRETS and environment.get(name + FILE)))


def _own(environment: Mapping[str, str], one: Field, faults: list[str]) -> Any:
    """The value of a field; the default where the variable has none or a fault."""
    default, parse = one.metadata["default"], one.metadata["parse"]
    value = _parsed(environment, one.metadata["name"], parse, faults)
    return parse(default) if value is None and default else value


def _parsed(environment: Mapping[str, str], name: str, parse: Callable[[str], Any], faults: list[str]) -> Any:
    """The value of a variable, or None; a fault is added to `faults`."""
    try:
        text = _text(environment, name)
        return parse(text) if text else None
    except ValueError as problem:
        faults += [f"{name} {sentence}" for sentence in problem.args]
        return None


def _text(environment: Mapping[str, str], name: str) -> str:
    """The text of a variable, or of the file that holds a secret. Raises ValueError."""
    given, file = environment.get(name, ""), environment.get(name + FILE, "")
    if name not in SECRETS or not file:
        return given
    if given:
        raise ValueError(f"and {name}{FILE} are both set. Unset one of them.")
    try:
        text = Path(file).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, ValueError):
        raise ValueError(f"cannot be read from “{file}”, which {name}{FILE} names. It must be a file of text.") from None
    if not text:
        raise ValueError(f"cannot be read from “{file}”, which {name}{FILE} names: the file is empty.")
    return text


def _contradictions(found: Mapping[str, Any]) -> list[str]:
    """Faults of settings that do not go together."""
    faults = []
    if found["rasa_port"] == found["actions_port"]:
        faults.append(f"RASA_PORT and ACTIONS_PORT must differ; both are {found['rasa_port']}.")
    file: Path = found["conversations"]
    # The file's folder also holds the key.
    if not (found["database_url"] and found["front_door_key"]) and not file.parent.is_dir():
        # Rasa itself would keep the conversations in memory and lose them.
        faults.append(f"The folder {file.parent} does not exist. Make it, or set CONVERSATIONS to another file.")
    return faults


def _key_faults(conversations: Path) -> list[str]:
    try:
        signing_key(None, conversations)
    except ValueError as problem:
        return [str(problem)]
    return []
