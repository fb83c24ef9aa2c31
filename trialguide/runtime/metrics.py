"""Prometheus metrics."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from prometheus_client import REGISTRY, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from trialguide.runtime.circuit_breaker import known_services

MESSAGES = Counter("trialguide_messages", "Messages, by channel and by what came of them.", ["channel", "outcome"])
FALLBACKS = Counter("trialguide_fallbacks", "Messages that were not understood for sure.", ["channel"])
SAFETY_REPLIES = Counter("trialguide_safety_replies", "Safety replies that were stored, by label.", ["label"])
OUTBOX_LENGTH = Gauge("trialguide_outbox_events", "Events in the database that wait for RabbitMQ, counted up to a limit.")
OPEN_SOCKETS = Gauge("trialguide_open_sockets", "Open website sockets of this server.")
STAGES = Histogram(
    "trialguide_stage_seconds",
    "Seconds of a turn, by stage.",
    ["stage"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20),
)


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Times a stage of a turn: waiting, understanding, acting, saving, or the whole turn."""
    start = perf_counter()
    try:
        yield
    finally:
        STAGES.labels(name).observe(perf_counter() - start)


class _ServiceCollector(Collector):
    """Collects the state of all circuit breakers."""

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("trialguide_service_up", "Whether a service answered the latest call.", labels=["service"])
        outages = CounterMetricFamily("trialguide_outages", "How often a service has gone away.", labels=["service"])
        for service in known_services.values():
            up.add_metric([service.name], service.closed)
            outages.add_metric([service.name], service.outages)
        yield up
        yield outages


SERVICES = _ServiceCollector()
REGISTRY.register(SERVICES)
