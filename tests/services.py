"""The services that several servers share, for the tests: on the standard ports of this machine, each test apart from others."""

import os
import socket
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg2
import pytest
from psycopg2 import extensions

POSTGRESQL_PORT, REDIS_PORT, RABBITMQ_PORT = 5432, 6379, 5672


def need(name: str, port: int) -> None:
    """Skips the test aloud when a service is not there; with CI set it fails."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    except OSError:
        message = f"{name} does not answer on 127.0.0.1:{port}: what depends on it was not tested."
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)


@contextmanager
def postgresql_database(port: int = POSTGRESQL_PORT) -> Iterator[str]:
    """The address of a new, empty database."""
    if port == POSTGRESQL_PORT:
        need("PostgreSQL", port)
    name = f"trialguide_{uuid.uuid4().hex[:12]}"
    _execute(port, f"CREATE DATABASE {name}")
    try:
        yield f"postgresql://postgres@127.0.0.1:{port}/{name}"
    finally:
        _execute(port, f"DROP DATABASE {name} WITH (FORCE)")


def redis_address() -> str:
    """The address of a Redis database that only the tests of this project use."""
    need("Redis", REDIS_PORT)
    return f"redis://127.0.0.1:{REDIS_PORT}/11"


def _execute(port: int, statement: str) -> None:
    # Without the timeout that the product's engines set for the whole process: a busy machine is slow to copy a database.
    callback = extensions.get_wait_callback()
    extensions.set_wait_callback(None)
    try:
        with closing(psycopg2.connect(host="127.0.0.1", port=port, user="postgres", dbname="postgres")) as connection:
            connection.autocommit = True
            connection.cursor().execute(statement)
    finally:
        extensions.set_wait_callback(callback)
