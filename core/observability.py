"""Sentry and OpenTelemetry, each switched on by its own variables (requirements-observability.txt).

What they send contains no path, query, header, body or local variable: those may hold secrets.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

from django.conf import settings

# Paths that are frequent or secret; OpenTelemetry records the paths of the others.
EXCLUDED_URLS = "health/,metrics,accounts/"


def start() -> None:
    """Start what the environment switches on.

    Raises:
        SystemExit: it is not installed; the message is one line that says what to do.
    """
    if settings.SENTRY_DSN:
        _start_sentry(_import("SENTRY_DSN", "sentry_sdk"))
    if os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        _start_opentelemetry("OTEL_EXPORTER_OTLP_ENDPOINT")


def _import(variable: str, module: str) -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        raise SystemExit(
            f"{variable} is set, but {error.name} is missing: pip install -r requirements-observability.txt"
        ) from None


def _start_sentry(sentry_sdk: Any) -> None:
    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        environment=os.environ.get("SENTRY_ENVIRONMENT", "production"),
        traces_sample_rate=settings.SENTRY_TRACES_SAMPLE_RATE,
        send_default_pii=False,
        max_request_body_size="never",
        include_local_variables=False,
        max_breadcrumbs=0,
        before_send=scrub,
        before_send_transaction=scrub,
    )


def scrub(event: dict[str, Any], _hint: object) -> dict[str, Any]:
    """Leave only the method of the request: the route is the name of the transaction."""
    request = event.pop("request", {})
    event["request"] = {"method": request.get("method", "")}
    return event


def _start_opentelemetry(variable: str) -> None:
    os.environ.setdefault("OTEL_SERVICE_NAME", "syllabus")
    os.environ.setdefault("OTEL_PYTHON_DJANGO_EXCLUDED_URLS", EXCLUDED_URLS)
    # Inside of what turns a wrong Host into a problem.
    position = settings.MIDDLEWARE.index("web.error_pages.ErrorMiddleware") + 1
    os.environ.setdefault("OTEL_PYTHON_DJANGO_MIDDLEWARE_POSITION", str(position))
    trace = _import(variable, "opentelemetry.trace")
    sdk = _import(variable, "opentelemetry.sdk.trace")
    export = _import(variable, "opentelemetry.sdk.trace.export")
    otlp = _import(variable, "opentelemetry.exporter.otlp.proto.http.trace_exporter")
    django = _import(variable, "opentelemetry.instrumentation.django")
    provider = sdk.TracerProvider()
    provider.add_span_processor(export.BatchSpanProcessor(otlp.OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    django.DjangoInstrumentor().instrument()
