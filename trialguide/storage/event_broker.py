"""The event broker: publishes stored events to RabbitMQ for analytics elsewhere, by the transactional outbox pattern."""

import asyncio
import json
import logging
from asyncio import AbstractEventLoop
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

import aio_pika
import sqlalchemy as sa
from aio_pika.abc import AbstractConnection, AbstractExchange
from rasa.core.brokers.broker import EventBroker
from rasa.utils.endpoints import EndpointConfig
from sqlalchemy.engine import Connection

from trialguide.runtime.circuit_breaker import CircuitBreaker, Unavailable
from trialguide.runtime.settings import Settings, process_settings
from trialguide.storage.database import FAILURES
from trialguide.storage.group_commit import row_id
from trialguide.storage.schema import OUTBOX

logger = logging.getLogger(__name__)

EXCHANGE = "trialguide.events"
CONFIRM_SECONDS = 5.0
POLL_SECONDS = 0.5
RECONNECT_SECONDS = 1.0
BATCH = 100
BROKER_FAILURES = (*aio_pika.exceptions.CONNECTION_EXCEPTIONS, aio_pika.exceptions.AMQPError, OSError, RuntimeError)
# One of all servers publishes, so that the events of a conversation stay in order.
PUBLISHER_LOCK = 1_953_655_661
# RabbitMQ's timers hold 32 bits of milliseconds.
MAX_MESSAGE_DAYS = 49
# About 500 MB; a full queue drops its oldest events.
MAX_QUEUE_LENGTH = 500_000


class OutboxBroker(EventBroker):
    """Publishes the rows of the table `outbox`, which are written in the transaction that stores their events.

    Rasa's own broker stops a server that starts without RabbitMQ, and loses unpublished events with the process. Here a row is
    deleted once RabbitMQ has confirmed it. Delivery is at least once; consumers deduplicate by `message_id`, the id of the row.

    What a patient wrote must not outlive its retention in a queue that nobody reads: nothing is published unless the operator
    names the queue of a consumer, every message expires with the conversation, and the queue is bounded.
    """

    def __init__(self, address: str, queue: str, days: int) -> None:
        """`days` is how long RabbitMQ keeps a message at most."""
        self._address, self._queue = address, queue
        self._lifetime = timedelta(days=min(days, MAX_MESSAGE_DAYS))
        self._service = CircuitBreaker("broker", CONFIRM_SECONDS, BROKER_FAILURES)
        self._publishing: asyncio.Task[None] | None = None

    @classmethod
    async def from_endpoint_config(
        cls, broker_config: EndpointConfig | None, event_loop: AbstractEventLoop | None = None
    ) -> "OutboxBroker | None":
        """The broker at RABBITMQ_URL for the consumer of RABBITMQ_QUEUE, or None. RabbitMQ may be unavailable yet."""
        return cls.from_settings(process_settings())

    @classmethod
    def from_settings(cls, settings: Settings) -> "OutboxBroker | None":
        """The same from settings."""
        address, queue = settings.rabbitmq, settings.rabbitmq_queue
        if address and not queue:
            logger.warning("No events are passed on to RabbitMQ: RABBITMQ_QUEUE names no queue that somebody reads.")
        return cls(address, queue, settings.conversation_days) if address and queue else None

    def open(self, connect: Callable[[], Connection]) -> None:
        """Starts to publish from the database that `connect` opens; call it in a running event loop."""
        self._publishing = asyncio.get_running_loop().create_task(self._run(connect))

    def is_ready(self) -> bool:
        """Whether RabbitMQ answered the latest call."""
        return self._service.closed

    async def close(self) -> None:
        """Stops; the next start publishes the remaining rows."""
        if self._publishing:
            self._publishing.cancel()
            with suppress(asyncio.CancelledError):
                await self._publishing

    async def _run(self, connect: Callable[[], Connection]) -> None:
        while True:
            try:
                database = await asyncio.to_thread(connect)
                try:
                    await self._publish_from(database)
                finally:
                    database.close()
            except (Unavailable, *FAILURES):
                # Logged by the circuit breaker or the tracker store.
                pass
            except Exception as error:
                logger.error("Events could not be published: %s", type(error).__name__)
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _publish_from(self, database: Connection) -> None:
        connection = await self._service.call(lambda: aio_pika.connect(self._address, timeout=CONFIRM_SECONDS))
        try:
            exchange = await self._service.call(lambda: _declare(connection, self._queue))
            while True:
                if not await self._publish_batch(database, exchange):
                    await asyncio.sleep(POLL_SECONDS)
        finally:
            with suppress(Exception):
                await asyncio.wait_for(connection.close(), CONFIRM_SECONDS)

    async def _publish_batch(self, database: Connection, exchange: AbstractExchange) -> bool:
        """Publishes and deletes the first rows in one transaction; False when there are none for this server."""
        transaction = database.begin()
        try:
            rows = await asyncio.to_thread(_first_rows, database)
            if rows:
                # Sent in order; the confirmations are awaited together.
                await self._service.call(partial(self._publish, exchange, rows))
                await asyncio.to_thread(_delete, database, rows)
            await asyncio.to_thread(transaction.commit)
        finally:
            transaction.close()
        return bool(rows)

    async def _publish(self, exchange: AbstractExchange, rows: Sequence[Any]) -> None:
        await asyncio.gather(*(exchange.publish(self._message(row), routing_key="") for row in rows))

    def _message(self, row: Any) -> aio_pika.Message:
        return aio_pika.Message(
            row.data.encode(),
            message_id=str(row.id),
            content_type="application/json",
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
            # By message, so that queues of any arguments and a changed setting are served alike.
            expiration=self._lifetime,
        )


def outbox_row(sender_id: str, event: dict[str, Any]) -> dict[str, str]:
    """The outbox row of an event; its data holds the sender id, as Rasa's own brokers publish it."""
    return {"sender_id": row_id(sender_id), "data": json.dumps({"sender_id": sender_id} | event)}


async def _declare(connection: AbstractConnection, queue: str) -> AbstractExchange:
    """The exchange, with the queue bound to it. An existing queue keeps its arguments."""
    try:
        consumer = await (await connection.channel()).declare_queue(queue, passive=True)
    except aio_pika.exceptions.ChannelNotFoundEntity:
        arguments: dict[str, Any] = {"x-max-length": MAX_QUEUE_LENGTH}
        consumer = await (await connection.channel()).declare_queue(queue, durable=True, arguments=arguments)
    channel = await connection.channel(publisher_confirms=True)
    exchange = await channel.declare_exchange(EXCHANGE, aio_pika.ExchangeType.FANOUT, durable=True)
    await consumer.bind(exchange)
    return exchange


def _first_rows(database: Connection) -> Sequence[Any]:
    """The first rows; none while another server holds the publisher lock, which lasts as long as its transaction."""
    if database.dialect.name != "sqlite":
        # Not a lock of the session: behind PgBouncer that is shared with others, and outlives the server.
        locked = database.execute(sa.select(sa.func.pg_try_advisory_xact_lock(PUBLISHER_LOCK))).scalar()
        if not locked:
            return []
    return database.execute(sa.select(OUTBOX).order_by(OUTBOX.c.id).limit(BATCH)).all()


def _delete(database: Connection, rows: Sequence[Any]) -> None:
    database.execute(OUTBOX.delete().where(OUTBOX.c.id.in_([row.id for row in rows])))
