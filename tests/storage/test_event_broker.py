"""Every stored event reaches RabbitMQ, in its order, whatever happens to it meanwhile."""

import asyncio
import json
import uuid
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import aio_pika
import psycopg2
import pytest
from proxy import Proxy
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import UserUttered
from services import RABBITMQ_PORT, need

import trialguide.storage.event_broker
from trialguide.runtime.settings import read_settings
from trialguide.storage.event_broker import MAX_QUEUE_LENGTH, OutboxBroker
from trialguide.storage.tracker_store import ConversationStore

DOMAIN = Domain.from_yaml("version: '3.1'\nintents: [ask]")
# Other runs of the tests use the same RabbitMQ.
QUEUE = f"trialguide.tests.{uuid.uuid4().hex}"
CONFIRM_SECONDS = 2.0


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """The way to RabbitMQ."""
    need("RabbitMQ", RABBITMQ_PORT)
    monkeypatch.setattr(trialguide.storage.event_broker, "EXCHANGE", QUEUE)
    monkeypatch.setattr(trialguide.storage.event_broker, "CONFIRM_SECONDS", CONFIRM_SECONDS)
    monkeypatch.setattr(trialguide.storage.event_broker, "RECONNECT_SECONDS", 0.2)
    with Proxy(RABBITMQ_PORT) as way:
        monkeypatch.setenv("RABBITMQ_URL", f"amqp://guest:guest@127.0.0.1:{way.port}/")
        monkeypatch.setenv("RABBITMQ_QUEUE", QUEUE)
        yield way
        asyncio.run(remove(QUEUE))


async def add(store: ConversationStore, text: str) -> None:
    tracker = await store.get_or_create_tracker("me", append_action_listen=False)
    tracker.update(UserUttered(text, {"name": "ask"}))
    await store.save(tracker)


async def remove(name: str) -> None:
    """Deletes the queue and the exchange of a name."""
    async with await aio_pika.connect(f"amqp://guest:guest@127.0.0.1:{RABBITMQ_PORT}/") as connection:
        channel = await connection.channel()
        await channel.queue_delete(name)
        await channel.exchange_delete(name)


async def arrived(number: int, arguments: dict[str, Any] | None = None, days: int = 30) -> list[Any]:
    """The bodies of so many messages, each once, from a queue that has these arguments."""
    arguments = {"x-max-length": MAX_QUEUE_LENGTH} if arguments is None else arguments
    connection = await aio_pika.connect(f"amqp://guest:guest@127.0.0.1:{RABBITMQ_PORT}/")
    async with connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(QUEUE, durable=True, arguments=arguments)
        bodies: dict[str | None, Any] = {}
        for _ in range(400):
            message = await queue.get(fail=False)
            if message:
                await message.ack()
                assert message.expiration == days * 86400
                bodies[message.message_id] = json.loads(message.body)
            elif len(bodies) >= number:
                break
            else:
                await asyncio.sleep(0.05)
    return list(bodies.values())


# The client leaves the socket of a connection that timed out to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
def test_events_arrive_in_their_order_through_outages_and_a_start_without_the_broker(database: str, proxy: Proxy) -> None:
    async def play() -> list[Any]:
        proxy.cut()
        broker = await OutboxBroker.from_endpoint_config(None)
        assert broker
        store = ConversationStore(DOMAIN, broker, db=database)
        await add(store, "while it is away")
        await asyncio.sleep(0.5)
        assert not broker.is_ready()
        proxy.mend()
        await add(store, "back")
        got = await arrived(2)
        assert broker.is_ready()
        proxy.freeze()
        # Nobody waits for the confirmation.
        await asyncio.wait_for(add(store, "while it is frozen"), 0.9 * CONFIRM_SECONDS)
        await asyncio.sleep(CONFIRM_SECONDS + 0.5)
        await add(store, "still frozen")
        proxy.thaw()
        got += await arrived(2)
        await broker.close()
        await add(store, "after the end of the server")
        again = await OutboxBroker.from_endpoint_config(None)
        other = ConversationStore(DOMAIN, again, db=database)
        got += await arrived(1)
        assert again
        await again.close()
        for one in (store, other):
            one.engine.dispose()
        return got

    got = asyncio.run(play())
    if "://" in database:
        # Behind PgBouncer, a lock of the session would stay with the pool.
        with closing(psycopg2.connect(database)) as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks JOIN pg_database ON oid = database WHERE locktype = 'advisory' AND datname = current_database()"
            )
            assert cursor.fetchone() == (0,)
    assert [event["text"] for event in got] == [
        "while it is away",
        "back",
        "while it is frozen",
        "still frozen",
        "after the end of the server",
    ]
    assert {event["sender_id"] for event in got} == {"me"}


@pytest.mark.parametrize(
    ("environment", "publishes"),
    [
        ({}, False),
        ({"RABBITMQ_QUEUE": "events"}, False),
        ({"RABBITMQ_URL": "amqp://host/"}, False),
        ({"RABBITMQ_URL": "amqp://host/", "RABBITMQ_QUEUE": ""}, False),
        ({"RABBITMQ_URL": "amqp://host/", "RABBITMQ_QUEUE": "events"}, True),
    ],
)
def test_events_are_published_only_for_a_consumer_whose_queue_is_named(
    environment: dict[str, str], publishes: bool, caplog: pytest.LogCaptureFixture
) -> None:
    assert (OutboxBroker.from_settings(read_settings(environment)) is not None) == publishes
    assert ("RABBITMQ_QUEUE names no queue" in caplog.text) == ("RABBITMQ_URL" in environment and not publishes)


@pytest.mark.parametrize(("days", "expiry"), [("7", 7), ("3650", 49)])
def test_messages_expire_with_the_conversation_in_a_queue_that_the_operator_made(
    days: str, expiry: int, database: str, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONVERSATION_DAYS", days)
    arguments: dict[str, Any] = {"x-max-length": 10, "x-overflow": "reject-publish"}

    async def play() -> None:
        assert await arrived(0, arguments) == []
        broker = await OutboxBroker.from_endpoint_config(None)
        assert broker
        store = ConversationStore(DOMAIN, broker, db=database)
        await add(store, "hello")
        assert [event["text"] for event in await arrived(1, arguments, expiry)] == ["hello"]
        await broker.close()
        store.engine.dispose()

    asyncio.run(play())
