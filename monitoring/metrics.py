"""All metrics: what processes have counted, and the state of database, queues and cache at this moment."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping

from django.conf import settings
from django.db import connection
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from caching import metrics as cache_counters
from core import beat, metrics, redis_state, worker
from core.metrics_folder import VARIABLE
from monitoring import selectors
from monitoring.deadlines import Question, ask

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def exposition() -> bytes:
    """Return all metrics in Prometheus' text format. It takes no longer than the deadline of ``ask``."""
    metrics.note_breakers()
    counted = metrics.REGISTRY
    if os.environ.get(VARIABLE):
        counted = CollectorRegistry()
        MultiProcessCollector(counted)  # type: ignore[no-untyped-call]
    now = CollectorRegistry()
    now.register(State())
    return generate_latest(counted) + generate_latest(now)


class State(Collector):
    """The metrics of the moment. A source that does not answer is left out, and said to be down."""

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("syllabus_source_up", "1: this source of metrics answered.", labels=["source"])
        for source, found in ask(SOURCES).items():
            failed = isinstance(found, Exception)
            up.add_metric([source], 0 if failed else 1)
            if not failed:
                yield from found
        yield up


def describe() -> list[str]:
    """Return the names of all metrics, as a query has them."""
    found = [*metrics.REGISTRY.collect(), *State().collect()]
    names = []
    for metric in found:
        names += {
            "counter": [f"{metric.name}_total"],
            "histogram": [f"{metric.name}_{part}" for part in ("bucket", "sum", "count")],
        }.get(metric.type, [metric.name])
    return names


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"syllabus_{name}", text, value=value)


def _gauges(name: str, text: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(f"syllabus_{name}", text, labels=[label])
    for value, number in values.items():
        family.add_metric([value], number)
    return family


def _outbox() -> Iterable[Metric]:
    rows, oldest = selectors.outbox()
    return [
        _gauge("outbox_rows", "Invalidations that wait for Redis.", rows),
        _gauge("outbox_oldest_seconds", "Age of the oldest.", oldest),
    ]


def _prices() -> Iterable[Metric]:
    return [_gauge("prices_pending", "Prices that are not up to date.", selectors.pending_prices())]


def _messages() -> Iterable[Metric]:
    found = selectors.undelivered_messages()
    return [_gauges("messages", "Messages that are not delivered, by state.", "state", found)]


def _connections() -> Iterable[Metric]:
    found = selectors.database_connections()
    return [_gauges("database_connections", "Connections by state.", "state", found)]


def _queues() -> Iterable[Metric]:
    names = [queue.name for queue in settings.CELERY_TASK_QUEUES]
    depth = {name: redis_state.server().command("LLEN", name) for name in names}
    taken = redis_state.server().command("HLEN", "unacked")
    return [
        _gauges("queue_depth", "Tasks that wait.", "queue", depth),
        _gauge("tasks_unacknowledged", "Tasks that workers have taken and not finished.", taken),
        _gauges("queue_served_timestamp_seconds", "When a worker served it.", "queue", worker.served_at()),
        _gauge("beat_last_run_timestamp_seconds", "When beat last published a task.", beat.last_run() or 0),
    ]


def _cache() -> Iterable[Metric]:
    totals = cache_counters.totals()
    commits = totals.pop(cache_counters.COMMITS, {})
    for name in cache_counters.NAMES:
        family = CounterMetricFamily(f"syllabus_cache_{name}", f"Cache: {name}.", labels=["thing"])
        for thing, counted in totals.items():
            family.add_metric([thing], counted[name])
        yield family
    for name in cache_counters.COMMIT_NAMES:
        yield CounterMetricFamily(
            f"syllabus_cache_commit_{name}", f"Commits: {name}.", value=commits.get(name, 0)
        )


def _from_database(source: Callable[[], Iterable[Metric]]) -> Question:
    def read() -> Iterable[Metric]:
        try:
            return source()
        finally:
            connection.close()  # it is this thread's own

    read.__name__ = source.__name__
    return Question(read)


def _from_redis(source: Callable[[], Iterable[Metric]]) -> Question:
    def read() -> Iterable[Metric]:
        return list(source())

    read.__name__ = source.__name__
    return Question(read)


SOURCES = {
    "outbox": _from_database(_outbox),
    "prices": _from_database(_prices),
    "messages": _from_database(_messages),
    "connections": _from_database(_connections),
    "queues": _from_redis(_queues),
    "cache": _from_redis(_cache),
}
