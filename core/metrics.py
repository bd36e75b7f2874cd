"""What a process counts for Prometheus. ``monitoring.metrics`` shows it, with what is read at that moment.

With METRICS_ENABLED the figures are in files, some for each process, in PROMETHEUS_MULTIPROC_DIR, and any
process with the same folder shows the sums.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from celery.signals import task_failure, task_postrun, task_prerun, task_retry
from django.conf import settings
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, values

from caching.gateway import get_gateway
from core import redis_state
from core.celery import broker
from core.metrics_folder import ensure_folder

if TYPE_CHECKING:
    from celery import Task

if settings.METRICS_ENABLED:
    ensure_folder()
    # The variable has been read already where the command line of Celery has loaded Flower's.
    values.ValueClass = values.get_value_class()  # type: ignore[no-untyped-call]

REGISTRY = CollectorRegistry()
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
TASK_SECONDS = (0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300)

RESPONSES = Counter(
    "syllabus_http_responses", "Responses.", ["method", "route", "status", "x_cache"], registry=REGISTRY
)
LATENCY = Histogram(
    "syllabus_http_response_seconds", "Time to a response.", ["route"], buckets=SECONDS, registry=REGISTRY
)
REFUSALS = Counter("syllabus_throttle_refusals", "Requests over a rate (429).", ["scope"], registry=REGISTRY)
BREAKER_OPEN = Gauge(
    "syllabus_breaker_open",
    "1: a process does without this server at present.",
    ["server"],
    registry=REGISTRY,
    multiprocess_mode="livemax",
)
TASKS = Histogram(
    "syllabus_task_seconds", "Duration of tasks.", ["task"], buckets=TASK_SECONDS, registry=REGISTRY
)
TASK_FAILURES = Counter(
    "syllabus_task_failures", "Tasks that raised an error.", ["task", "outcome"], registry=REGISTRY
)

METHODS = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}
OTHER_METHOD = "other"  # a client may invent as many as it likes, and each would be a time series

_children: dict[tuple[str, str, int, str], tuple[Any, Any]] = {}
_started: dict[str, float] = {}
SERVERS = ("cache", "state", "broker")
_noted: tuple[bool, ...] = ()


def observe_response(*, method: str, route: str, status: int, seconds: float, x_cache: str = "-") -> None:
    """Count one response. The arguments are as in core/access_log.py."""
    labels = (method if method in METHODS else OTHER_METHOD, route, status, x_cache)
    found = _children.get(labels)
    if found is None:
        found = _children[labels] = RESPONSES.labels(*labels), LATENCY.labels(route)
    found[0].inc()
    found[1].observe(seconds)


def count_refusal(scopes: list[str]) -> None:
    """Count a request that was over the rates of some scopes."""
    for scope in scopes:
        REFUSALS.labels(scope).inc()


def note_breakers() -> None:
    """Record which servers this process does without at present."""
    global _noted
    now = (get_gateway().breaker.is_open, redis_state.server().breaker.is_open, broker().is_open)
    if now != _noted:
        _noted = now
        for server, is_open in zip(SERVERS, now, strict=True):
            BREAKER_OPEN.labels(server).set(is_open)


def start_timing(task_id: str, **_: Any) -> None:
    _started[task_id] = time.perf_counter()


def count_task(task_id: str, task: Task, **_: Any) -> None:
    began = _started.pop(task_id, None)
    if began is not None:
        TASKS.labels(task.name).observe(time.perf_counter() - began)
    note_breakers()


def count_failure(sender: Task, **_: Any) -> None:
    TASK_FAILURES.labels(sender.name, "failed").inc()


def count_retry(sender: Task, **_: Any) -> None:
    TASK_FAILURES.labels(sender.name, "retried").inc()


task_prerun.connect(start_timing)
task_postrun.connect(count_task)
task_failure.connect(count_failure)
task_retry.connect(count_retry)
