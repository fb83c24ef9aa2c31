"""The services that several servers share, for the tests: on the standard ports of this machine, each test apart from others."""

import getpass
import os
import shutil
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

import psycopg2
import pytest
from psycopg2 import extensions

POSTGRESQL_PORT, REDIS_PORT, RABBITMQ_PORT = 5432, 6379, 5672


def need(name: str, port: int) -> None:
    """Skips the test aloud when a service is not there; with CI set it fails."""
    if not _listens(port):
        skip(f"{name} does not answer on 127.0.0.1:{port}: what depends on it was not tested.")


def skip(message: str) -> NoReturn:
    """Skips the test aloud; with CI set it fails."""
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


@contextmanager
def pgbouncer(database: str, folder: Path, settings: str = "") -> Iterator[str]:
    """The address of a database behind PgBouncer in transaction mode; `settings` are further lines of its configuration."""
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if not program:
        skip("There is no PgBouncer: what stands behind one was not tested.")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    parts = urlsplit(database)
    # It does not run as root, and reads its file as that user.
    user = "user = nobody" if getpass.getuser() == "root" else ""
    configuration = (
        f"[databases]\n* = host={parts.hostname} port={parts.port} user={parts.username}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\n"
        f"{user}\n{settings}\n"
    )
    file = folder / "pgbouncer.ini"
    file.write_text(configuration)
    with subprocess.Popen([program, "-q", file], stderr=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + 10
            while not _listens(port):
                assert time.monotonic() < deadline, "PgBouncer does not start"
                time.sleep(0.05)
            yield parts._replace(netloc=f"127.0.0.1:{port}").geturl()
        finally:
            process.terminate()


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


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    except OSError:
        return False
    return True
