"""Passes stored events on to RabbitMQ, for those who analyse conversations elsewhere."""

import asyncio
import json
import logging
from asyncio import AbstractEventLoop
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import aio_pika
import sqlalchemy as sa
from aio_pika.abc import AbstractConnection, AbstractExchange
from rasa.core.brokers.broker import EventBroker
from rasa.utils.endpoints import EndpointConfig
from sqlalchemy.engine import Connection

from trialguide.runtime.circuit_breaker import CircuitBreaker, Unavailable
from trialguide.runtime.settings import process_settings
from trialguide.storage.database import FAILURES
from trialguide.storage.schema import OUTBOX

logger = logging.getLogger(__name__)

NAME = "trialguide.events"
CONFIRM_SECONDS = 5.0
LOOK_SECONDS = 0.5
AGAIN_SECONDS = 1.0
MOST_AT_ONCE = 100
BROKER_FAILURES = (*aio_pika.exceptions.CONNECTION_EXCEPTIONS, aio_pika.exceptions.AMQPError, OSError, RuntimeError)
# Of all servers one passes on, so that the events of a conversation stay in their order.
PUBLISHER_LOCK = 1_953_655_661


class OutboxBroker(EventBroker):
    """Publishes the rows of the table `outbox`, which are written in one transaction with the events themselves.

    Rasa's own broker ends the server when RabbitMQ is away at the start, and events that it could not pass on are lost with
    the process. Here a row is deleted when RabbitMQ has confirmed it, so that every event arrives at least once; it bears the
    number of its row as `message_id`, by which a second delivery is known.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._service = CircuitBreaker("broker", CONFIRM_SECONDS, BROKER_FAILURES)
        self._passing_on: asyncio.Task[None] | None = None

    @classmethod
    async def from_endpoint_config(
        cls, broker_config: EndpointConfig | None, event_loop: AbstractEventLoop | None = None
    ) -> "OutboxBroker | None":
        """The broker at RABBITMQ_URL, or None without one. It need not be there yet."""
        address = process_settings().rabbitmq
        return cls(address) if address else None

    def open(self, connect: Callable[[], Connection]) -> None:
        """Begins to pass on what is stored in the database that `connect` connects to; to be called in a running event loop."""
        self._passing_on = asyncio.get_running_loop().create_task(self._pass_on(connect))

    def is_ready(self) -> bool:
        """Whether RabbitMQ has answered lately."""
        return self._service.closed

    async def close(self) -> None:
        """Stops; what is left is passed on after the next start."""
        if self._passing_on:
            self._passing_on.cancel()
            with suppress(asyncio.CancelledError):
                await self._passing_on

    async def _pass_on(self, connect: Callable[[], Connection]) -> None:
        while True:
            try:
                database = await asyncio.to_thread(connect)
                try:
                    if await asyncio.to_thread(_is_mine, database):
                        await self._publish_from(database)
                finally:
                    database.close()
            except (Unavailable, *FAILURES):
                # Whoever is away says so itself.
                pass
            except Exception as error:
                logger.error("Events could not be passed on: %s", type(error).__name__)
            await asyncio.sleep(AGAIN_SECONDS)

    async def _publish_from(self, database: Connection) -> None:
        connection = await self._service.call(lambda: aio_pika.connect(self._address, timeout=CONFIRM_SECONDS))
        try:
            exchange = await self._service.call(lambda: _declared(connection))
            while True:
                rows = await asyncio.to_thread(_first_rows, database)
                if rows:
                    # Sent in their order; the confirmations are awaited together.
                    await self._service.call(partial(_publish, exchange, rows))
                    await asyncio.to_thread(_delete, database, rows)
                else:
                    await asyncio.sleep(LOOK_SECONDS)
        finally:
            with suppress(Exception):
                await asyncio.wait_for(connection.close(), CONFIRM_SECONDS)


async def _declared(connection: AbstractConnection) -> AbstractExchange:
    channel = await connection.channel(publisher_confirms=True)
    exchange = await channel.declare_exchange(NAME, aio_pika.ExchangeType.FANOUT, durable=True)
    queue = await channel.declare_queue(NAME, durable=True)
    await queue.bind(exchange)
    return exchange


async def _publish(exchange: AbstractExchange, rows: Sequence[Any]) -> None:
    await asyncio.gather(*(exchange.publish(_message(row), routing_key="") for row in rows))


def _message(row: Any) -> aio_pika.Message:
    return aio_pika.Message(
        row.data.encode(),
        message_id=str(row.id),
        content_type="application/json",
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
    )


def _is_mine(database: Connection) -> bool:
    if database.dialect.name == "sqlite":
        return True
    with database.begin():
        # Held as long as the connection lasts.
        return bool(database.execute(sa.select(sa.func.pg_try_advisory_lock(PUBLISHER_LOCK))).scalar())


def _first_rows(database: Connection) -> Sequence[Any]:
    with database.begin():
        return database.execute(sa.select(OUTBOX).order_by(OUTBOX.c.id).limit(MOST_AT_ONCE)).all()


def _delete(database: Connection, rows: Sequence[Any]) -> None:
    with database.begin():
        database.execute(OUTBOX.delete().where(OUTBOX.c.id.in_([row.id for row in rows])))


def outbox_row(sender_id: str, event: dict[str, Any]) -> dict[str, str]:
    """An event as it is passed on: with the sender id, as Rasa's own brokers do."""
    return {"data": json.dumps({"sender_id": sender_id} | event)}
