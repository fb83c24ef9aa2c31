"""Settings: what is read, what is refused and in which words."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

from trialguide.runtime.settings import NAMES, SECRETS, InvalidSettings, read_settings

SECRET = "pass-word-0"


@pytest.mark.parametrize(
    ("variable", "values", "sentence"),
    [
        ("RASA_PORT", ["http", "0", "70000", "-1", "５００５"], "must be a port number from 1 to 65535, not “{}”."),
        ("ACTIONS_PORT", ["5055.0"], "must be a port number from 1 to 65535, not “{}”."),
        ("RASA_HOST", ["a b", "http://0.0.0.0", "256.0.0.1", "-"], "must be an address to listen on such as 127.0.0.1, not “{}”."),
        ("ACTIONS_HOST", ["0.0.0.0:5055"], "must be an address to listen on such as 127.0.0.1, not “{}”."),
        ("ACTION_ENDPOINT", ["actions:5055"], "must be an address such as https://bot.example.org, not “{}”."),
        ("ACTION_SECONDS", ["abc", "0", "5.1", "nan", "inf"], "must be a number of seconds above 0 and at most 5, not “{}”."),
        ("TURN_SECONDS", ["soon", "0", "301"], "must be a number of seconds above 0 and at most 300, not “{}”."),
        ("SANIC_GRACEFUL_SHUTDOWN_TIMEOUT", ["-3"], "must be a number of seconds above 0 and at most 60, not “{}”."),
        ("REQUEST_SECONDS", ["soon", "0", "-1", "301"], "must be a number of seconds above 0 and at most 300, not “{}”."),
        ("WATCHDOG_SECONDS", ["0", "nan"], "must be a number of seconds above 0 and at most 86400, not “{}”."),
        ("SANIC_BACKLOG", ["many"], "must be a number of connections from 1 to 65535, not “{}”."),
        ("SANIC_PROXIES_COUNT", ["two", "-1", "1.0"], "must be a number of proxies from 0 to 20, not “{}”."),
        ("SANIC_REAL_IP_HEADER", ["X Real IP"], "must be the name of a header such as X-Real-IP, not “{}”."),
        ("CONVERSATIONS", ["/", "."], "must name a file, not “{}”."),
        ("CONVERSATION_DAYS", ["0", "-1", "x", "3651", "30.5", "²"], "must be a number of days from 1 to 3650, not “{}”."),
        (
            "DATABASE_URL",
            ["foo", f"mysql://a:{SECRET}@h/d", f"postgresql://a:{SECRET}@h:x/d"],
            "must be an address such as postgresql://user:password@host:5432/trialguide.",
        ),
        ("REDIS_URL", ["127.0.0.1", f"http://:{SECRET}@h"], "must be an address such as redis://127.0.0.1:6379/2."),
        ("RABBITMQ_URL", ["foo", f"amqp://a:{SECRET}@"], "must be an address such as amqp://user:password@host:5672/."),
        (
            "PUBLIC_ADDRESS",
            ["bot.example.org", "https://", "https://a@bot.example.org", "https://bot.example.org/?a=b", "ftp://bot.example.org"],
            "must be an address such as https://bot.example.org, not “{}”.",
        ),
        (
            "ALLOWED_ORIGINS",
            ["www.example.org", "https://www.example.org/page", "https://a@example.org", "null", "https://-", "https://a:x", "https://a:0"],
            "holds “{}”, which is no origin. Write scheme and host, without a path: https://www.example.org",
        ),
        (
            "ALLOWED_ORIGINS",
            ["*", "https://*.example.org"],
            "holds a wildcard, “{}”. Name each host by itself: https://www.example.org https://app.example.org",
        ),
        ("SENDER_RATE", ["often", "0 per hour"], "must be a rate such as “10 per 10 seconds; 300 per hour”, not “{}”."),
        ("ADDRESS_RATE", ["3 per fortnight"], "must be a rate such as “200 per 10 seconds”, not “{}”."),
        ("FRONT_DOOR_KEY", ["short"], "needs at least 32 characters. Make one: openssl rand -hex 32"),
        ("RASA_AUTH_TOKEN", ["pass word", "naïve"], "must be one word of ASCII characters, without blanks."),
        ("RASA_AUTH_TOKEN", ["--pass"], "must not begin with “-”."),
        ("METRICS_TOKEN", ["pass word"], "must be one word of ASCII characters, without blanks."),
        ("LOG_LEVEL", ["LOUD"], "must be CRITICAL, ERROR, WARNING, INFO or DEBUG, not “{}”."),
        ("LOG_FORMAT", ["xml"], "must be text or json, not “{}”."),
        ("SERVE", ["signed", "checked reviewed"], "must be all, checked or reviewed, not “{}”."),
    ],
)  # fmt: skip
def test_what_is_not_allowed_is_refused_in_one_sentence(variable: str, values: list[str], sentence: str) -> None:
    for value in values:
        with pytest.raises(InvalidSettings) as raised:
            read_settings({variable: value})
        assert str(raised.value) == f"{variable} {sentence.format(value)}"


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        (
            "TWILIO_NUMBERS",
            "015017122661",
            "must hold numbers such as +15017122661 or whatsapp:+15017122661, not “015017122661”.",
        ),
        ("TELEGRAM_SECRET", "two words", "must be 1 to 256 letters, digits, “_” and “-”."),
        ("WHATSAPP_TOKEN", "two words", "must be one word of ASCII characters, without blanks."),
        ("SLACK_API", "slack.com", "must be an address such as https://bot.example.org, not “slack.com”."),
    ],
)
def test_what_is_not_allowed_for_a_messaging_service_is_refused(variable: str, value: str, sentence: str) -> None:
    with pytest.raises(InvalidSettings) as raised:
        read_settings({variable: value})
    assert str(raised.value).splitlines()[0] == f"{variable} {sentence}"


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(InvalidSettings) as raised:
        read_settings(
            {
                "RASA_PORT": "x",
                "LOG_LEVEL": "LOUD",
                "ALLOWED_ORIGINS": "a b",
                "SLACK_TOKEN": "x",
                "CONVERSATIONS": "/nowhere/c.db",
            }
        )
    told = [line.split()[0] for line in str(raised.value).splitlines()]
    assert sorted(told) == ["ALLOWED_ORIGINS", "ALLOWED_ORIGINS", "LOG_LEVEL", "RASA_PORT", "The", "The"]


def test_two_servers_cannot_share_a_port() -> None:
    with pytest.raises(InvalidSettings, match=r"RASA_PORT and ACTIONS_PORT must differ; both are 5055\."):
        read_settings({"RASA_PORT": "5055"})


@pytest.mark.parametrize(
    ("given", "origins"),
    [
        ("", None),
        ("https://www.example.org", {"https://www.example.org"}),
        ("https://a.example,http://b.example:8080", {"https://a.example", "http://b.example:8080"}),
        ("HTTPS://WWW.Example.ORG:443/", {"https://www.example.org"}),
        ("http://example.org:80 http://example.org:443", {"http://example.org", "http://example.org:443"}),
        ("https://www.bücher.example", {"https://www.xn--bcher-kva.example"}),
        ("https://WWW.BÜCHER.example:443", {"https://www.xn--bcher-kva.example"}),
        (
            "http://localhost:9000 http://[::1]:9000 http://my_host",
            {"http://localhost:9000", "http://[::1]:9000", "http://my_host"},
        ),
    ],
)
def test_origins_are_read_as_browsers_write_them(given: str, origins: set[str] | None) -> None:
    assert read_settings({"ALLOWED_ORIGINS": given}).origins == origins


def test_without_a_variable_the_default_holds() -> None:
    for environment in ({}, dict.fromkeys(NAMES, "")):
        settings = read_settings(environment)
        assert (settings.rasa_port, settings.actions_port, settings.rasa_host) == (5005, 5055, "127.0.0.1")
        assert (settings.conversations, settings.conversation_days) == (Path("conversations.db"), 30)
        assert (settings.action_seconds, settings.turn_seconds, settings.stop_seconds) == (2.5, 20, 3)
        assert (settings.sender_rate, settings.address_rate) == ("10 per 10 seconds; 300 per hour", "200 per 10 seconds")
        assert (settings.log_level, settings.log_format, settings.backlog) == ("WARNING", "text", 1024)
        unset = (settings.database_url, settings.redis, settings.rabbitmq, settings.auth_token, settings.origins)
        assert unset == (None,) * 5


def test_addresses_are_taken_as_operators_write_them() -> None:
    settings = read_settings(
        {"DATABASE_URL": "postgres://a:p#?@h/d", "PUBLIC_ADDRESS": "https://Bot.example.org:443/", "LOG_FORMAT": "JSON"}
    )
    assert settings.database_url == "postgresql://a:p#?@h/d"
    assert settings.public_address == "https://bot.example.org"
    assert settings.log_format == "json"


@pytest.mark.parametrize("variable", sorted(SECRETS))
def test_a_secret_may_come_from_a_file(variable: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    for text, end in ((b"", ": the file is empty."), (b"\xff", ". It must be a file of text.")):
        file.write_bytes(text)
        with pytest.raises(InvalidSettings) as raised:
            read_settings({f"{variable}_FILE": str(file)})
        assert str(raised.value).splitlines()[0] == f"{variable} cannot be read from “{file}”, which {variable}_FILE names{end}"
    with pytest.raises(InvalidSettings, match=f"^{variable} and {variable}_FILE are both set. Unset one of them."):
        read_settings({f"{variable}_FILE": str(file), variable: "x"})


def test_the_end_of_line_of_a_file_is_no_part_of_the_secret(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(SECRET + "\n")
    assert read_settings({"RASA_AUTH_TOKEN_FILE": str(file)}).auth_token == SECRET


def test_no_secret_is_quoted() -> None:
    for variable in SECRETS:
        with pytest.raises(InvalidSettings) as raised:
            read_settings({variable: f"é {SECRET}"[: 31 if variable == "FRONT_DOOR_KEY" else 99]})
        assert SECRET not in str(raised.value), variable


def test_the_key_is_made_once_and_is_for_its_owner_alone(tmp_path: Path) -> None:
    conversations, file = tmp_path / "c.db", tmp_path / "c.db.key"
    environment = {"CONVERSATIONS": str(conversations)}
    key = read_settings(environment, needs_key=True).key
    assert read_settings(environment).key == key == file.read_bytes()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["c.db.key"]
    file.chmod(0o644)
    with pytest.raises(InvalidSettings, match=f"^Others can read the key in {file}. Take that right away: chmod 600"):
        read_settings(environment, needs_key=True)
    file.chmod(0o600)
    file.write_text("short")
    with pytest.raises(InvalidSettings, match=f"^The key in {file} is too short."):
        read_settings(environment, needs_key=True)


@pytest.mark.parametrize(
    "command",
    [
        ["trialguide", "run"],
        ["trialguide", "shell"],
        ["trialguide.commands.rasa_server", "run"],
        ["trialguide.commands.action_server", "5055"],
        ["trialguide.commands.container", "rasa"],
        ["trialguide.commands.container", "actions"],
    ],
    ids=lambda command: " ".join(command),
)
def test_every_way_to_start_checks_all_settings_and_starts_nothing(command: list[str], tmp_path: Path) -> None:
    environment = os.environ | {"RABBITMQ_URL": "foo", "LOG_LEVEL": "LOUD", "CONVERSATIONS": str(tmp_path / "c.db")}
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "RABBITMQ_URL must be an address such as amqp://user:password@host:5672/.",
        "LOG_LEVEL must be CRITICAL, ERROR, WARNING, INFO or DEBUG, not “LOUD”.",
    ]
