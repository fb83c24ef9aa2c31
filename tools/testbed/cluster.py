"""Several servers on one machine, as `compose.yml` runs them on several: for tests and measurements."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tools.testbed.processes import free_ports, process_tree
from trialguide.commands.stack import HOST, Stack, end
from trialguide.content.files import ROOT

NGINX = ROOT / "deploy" / "nginx.conf.template"
READY_SECONDS = 30
# The queue whose consumer a test may be.
RABBITMQ_QUEUE = "trialguide.tests"


class Missing(Exception):
    """A program is not installed; the message names it and its Debian package."""


@dataclass
class Program:
    """A service process that can be killed, frozen and restarted."""

    name: str
    command: list[str]
    ready: Callable[[], bool]
    user: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it and waits until it answers. Raises TimeoutError."""
        # A session of its own: what it starts can be told from others'.
        self.process = subprocess.Popen(
            self.command,
            user=self.user,
            env=os.environ | dict(self.environment),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        wait_until(self.ready, self.name)

    def signal(self, number: signal.Signals) -> None:
        """Signals the process and its descendants."""
        for member in process_tree(self.process.pid) if self.process else ():
            with contextlib.suppress(ProcessLookupError):
                os.kill(member, number)

    def kill(self) -> None:
        """Kills the process."""
        self.signal(signal.SIGKILL)
        if self.process:
            self.process.wait(10)

    def stop(self) -> None:
        """Terminates the process."""
        self.signal(signal.SIGCONT)
        if self.process:
            end([self.process])

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Freezes the process: it accepts connections and does not answer."""
        self.signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.signal(signal.SIGCONT)


def wait_until(ready: Callable[[], bool], what: str, seconds: float = READY_SECONDS) -> None:
    """Polls until `ready` returns true. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} was not ready within {seconds} seconds.")
        time.sleep(0.05)


def postgresql(folder: Path) -> tuple[Program, str]:
    """A PostgreSQL of its own in a folder, not started yet, and the address of its database."""
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not binaries:
        raise Missing("PostgreSQL is missing: apt-get install postgresql")
    user = "postgres" if os.getuid() == 0 else None
    data = folder / "postgresql"
    data.mkdir()
    if user:
        account = pwd.getpwnam(user)
        os.chown(data, account.pw_uid, account.pw_gid)
    make = [str(binaries[-1] / "initdb"), "-D", str(data), "-A", "trust", "-U", "postgres", "--no-sync"]
    subprocess.run(make, check=True, user=user, cwd="/", stdout=subprocess.DEVNULL)
    (port,) = free_ports(1)
    command = [str(binaries[-1] / "postgres"), "-D", str(data), "-p", str(port), "-h", HOST, "-k", ""]
    address = f"postgresql://postgres@{HOST}:{port}/postgres"
    return Program("PostgreSQL", command, lambda: _answers_sql(address), user), address


def redis(folder: Path) -> tuple[Program, str]:
    """A Redis of its own that keeps nothing, not started yet, and its address."""
    program = shutil.which("redis-server")
    if program is None:
        raise Missing("Redis is missing: apt-get install redis-server")
    (port,) = free_ports(1)
    command = [program, "--port", str(port), "--bind", HOST, "--save", "", "--dir", str(folder)]
    address = f"redis://{HOST}:{port}/0"
    return Program("Redis", command, lambda: _answers_redis(address)), address


def rabbitmq(folder: Path) -> tuple[Program, Program, str]:
    """A RabbitMQ of its own in a folder and the epmd that it registers with, neither started yet, and its address."""
    script, epmd = Path("/usr/lib/rabbitmq/bin/rabbitmq-server"), shutil.which("epmd")
    if not script.exists() or epmd is None:
        raise Missing("RabbitMQ is missing: apt-get install rabbitmq-server")
    port, node_port, epmd_port = free_ports(3)
    base = folder / "rabbitmq"
    base.mkdir()
    at_epmd = {"ERL_EPMD_PORT": str(epmd_port), "ERL_EPMD_ADDRESS": HOST}
    environment = at_epmd | {
        # The cookie of Erlang lies there.
        "HOME": str(base),
        "RABBITMQ_NODENAME": f"trialguide{port}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": HOST,
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(node_port),
        "RABBITMQ_MNESIA_BASE": str(base / "data"),
        "RABBITMQ_LOG_BASE": str(base / "log"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(base / "plugins"),
        # Not those of the machine's own RabbitMQ.
        "RABBITMQ_CONFIG_FILE": str(base / "none"),
        "RABBITMQ_CONF_ENV_FILE": str(base / "none"),
        # It becomes the node itself; otherwise it waits beside it, and signals would reach the wrong one.
        "RUNNING_UNDER_SYSTEMD": "1",
    }
    register = Program("epmd", [epmd], lambda: _accepts(epmd_port), environment=at_epmd)
    node = Program("RabbitMQ", [str(script)], lambda: _answers_amqp(port), environment=environment)
    return node, register, f"amqp://guest:guest@{HOST}:{port}/"


def nginx(folder: Path, servers: tuple[Stack, Stack]) -> tuple[Program, str]:
    """nginx with the configuration that is shipped, a certificate of its own, and its address."""
    program = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if program is None:
        raise Missing("nginx is missing: apt-get install nginx-light")
    (port,) = free_ports(1)
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subject = ["-subj", "/CN=localhost", "-addext", f"subjectAltName=DNS:localhost,IP:{HOST}"]
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
    subprocess.run([*make, "-keyout", str(key), "-out", str(certificate)], check=True, stderr=subprocess.DEVNULL)
    values = {
        "RASA_1": f"{HOST}:{servers[0].port}",
        "RASA_2": f"{HOST}:{servers[1].port}",
        "LISTEN": f"{HOST}:{port}",
        "CERTIFICATE": str(certificate),
        "CERTIFICATE_KEY": str(key),
    }
    text = NGINX.read_text(encoding="utf-8")
    for name, value in values.items():
        text = text.replace(f"${{{name}}}", value)
    paths = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    configuration = folder / "nginx.conf"
    configuration.write_text(
        f"daemon off;\npid {folder}/nginx.pid;\nerror_log {folder}/nginx.log;\nworker_processes 1;\n"
        f"events {{ worker_connections 1024; }}\nhttp {{\naccess_log off;\n{paths}{text}\n}}\n",
        encoding="utf-8",
    )
    command = [program, "-c", str(configuration), "-p", str(folder), "-e", str(folder / "nginx.log")]
    return Program("nginx", command, lambda: _accepts(port)), f"https://{HOST}:{port}"


@dataclass
class Cluster:
    """Two servers on one PostgreSQL and one Redis, each with an action server, and nginx before them.

    They may also have a RabbitMQ, which is not started: servers must be able to start without it.
    """

    model: Path
    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    # Seconds by which the clock of the second server is behind that of the first.
    clocks_apart: int = 0
    with_rabbitmq: bool = False

    def __enter__(self) -> "Cluster":
        """Raises Missing and CannotStart."""
        with contextlib.ExitStack() as started:
            self.postgresql, self.database = postgresql(self.folder)
            self.redis, self.redis_address = redis(self.folder)
            services = [self.postgresql, self.redis]
            if self.with_rabbitmq:
                self.rabbitmq, epmd, self.rabbitmq_address = rabbitmq(self.folder)
                services.append(epmd)
                started.callback(self.rabbitmq.stop)
            for program in services:
                program.start()
                started.callback(program.stop)
            self.servers = (self._server("one", 0), self._server("two", self.clocks_apart))
            for server in self.servers:
                started.enter_context(server)
            self.nginx, self.address = nginx(self.folder, self.servers)
            self.nginx.start()
            started.callback(self.nginx.stop)
            self._started = started.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._started.close()

    def _server(self, name: str, behind: int) -> Stack:
        port, actions_port = free_ports(2)
        shared = {
            "DATABASE_URL": self.database,
            "REDIS_URL": self.redis_address,
            "FRONT_DOOR_KEY": "the key of these servers, for tests alone",
            "ADDRESS_RATE": "100000 per second",
            "SENDER_RATE": "100000 per second",
            "SANIC_PROXIES_COUNT": "1",
        }
        if self.with_rabbitmq:
            shared |= {"RABBITMQ_URL": self.rabbitmq_address, "RABBITMQ_QUEUE": RABBITMQ_QUEUE}
        folder = self.folder / name
        folder.mkdir()
        return Stack(
            self.model,
            port,
            actions_port,
            folder / "conversations.db",
            log=folder / "log",
            settings=shared | dict(self.settings),
            launcher=("tools.testbed.clock_skew", str(behind)) if behind else (),
        )


def _answers_sql(address: str) -> bool:
    import psycopg2

    try:
        psycopg2.connect(address, connect_timeout=1).close()
    except psycopg2.Error:
        return False
    return True


def _answers_redis(address: str) -> bool:
    from redis import Redis, RedisError

    try:
        with Redis.from_url(address, socket_timeout=1) as client:
            return bool(client.ping())
    except RedisError:
        return False


def _answers_amqp(port: int) -> bool:
    """Whether the greeting of AMQP 0-9-1 is answered by a method."""
    try:
        with socket.create_connection((HOST, port), timeout=1) as connection:
            connection.sendall(b"AMQP\0\0\x09\x01")
            return connection.recv(1) == b"\x01"
    except OSError:
        return False


def _accepts(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True
