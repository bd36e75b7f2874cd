"""What a process counts for Prometheus. ``monitoring.metrics`` shows it, with what is read when it is asked.

With METRICS_ENABLED the figures are in files, some for each process, in PROMETHEUS_MULTIPROC_DIR, and any
process with the same folder shows the sums.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from django.conf import settings

from core.metrics_folder import ensure_folder

if settings.METRICS_ENABLED:
    ensure_folder()

from celery.signals import task_failure, task_postrun, task_prerun, task_retry  # noqa: E402
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram  # noqa: E402

from caching.gateway import get_gateway  # noqa: E402
from core import redis_state  # noqa: E402
from core.celery import broker  # noqa: E402

if TYPE_CHECKING:
    from celery import Task

    from caching.redis.breaker import CircuitBreaker

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

_children: dict[tuple[str, str, int, str], tuple[Any, Any]] = {}
_started: dict[str, float] = {}


def observe_response(*, method: str, route: str, status: int, seconds: float, x_cache: str = "-") -> None:
    """Count one response. The arguments are those of ``core.access_log.log_response``."""
    labels = (method, route, status, x_cache)
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
    for server, breaker in breakers().items():
        BREAKER_OPEN.labels(server).set(breaker.is_open)


def breakers() -> dict[str, CircuitBreaker]:
    """Return this process's breakers by the server that each is about."""
    return {
        "cache": get_gateway().breaker,
        "state": redis_state.server().breaker,
        "broker": broker(),
    }


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
