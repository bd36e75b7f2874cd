"""This product over HTTP: the same declarations, read through edge/ and Django in this process.

A writer that reads inside its own transaction reads without HTTP: no request has the transaction of another.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
from functools import cached_property
from typing import Any

from benchmarks.history.contestants.product import Product

REDIS = os.environ.get("REDIS_URL", "redis://localhost/1")
RATE = "1000000/s"  # counted, and never refused
logger = logging.getLogger(__name__)


def any_in_transaction() -> bool:
    """Return whether this thread is in a transaction."""
    from caching.write.pending import any_in_transaction

    return any_in_transaction()


class EdgeWSGI(Product):
    settings = {
        "ROOT_URLCONF": "benchmarks.history.contestants.edge_urls",
        "MIDDLEWARE": ["core.request_id.RequestIdMiddleware", "api.http_cache.CacheHeadersMiddleware"],
        "ALLOWED_HOSTS": ["localhost"],
        "EDGE": True,
        "METRICS_ENABLED": False,
        "CELERY_BROKER_URL": f"{REDIS.rsplit('/', 1)[0]}/0",
        "CELERY_BROKER_TRANSPORT_OPTIONS": {},
        "REDIS_CONNECT_TIMEOUT_SECONDS": 0.25,
        "REDIS_COMMAND_TIMEOUT_SECONDS": 0.5,
        "REST_FRAMEWORK": {
            "UNAUTHENTICATED_USER": None,
            "DEFAULT_AUTHENTICATION_CLASSES": [],
            "DEFAULT_PERMISSION_CLASSES": [],
            "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
            "DEFAULT_THROTTLE_CLASSES": ["ratelimit.throttling.RateThrottle"],
            "DEFAULT_THROTTLE_RATES": {"anon": RATE, "user": RATE},
            "EXCEPTION_HANDLER": "api.problems.handler.exception_handler",
            "NUM_PROXIES": 0,
        },
    }

    def __init__(self) -> None:
        self.by_edge = self.reads = 0

    def observe(self, *_: Any) -> None:
        self.by_edge += 1

    @cached_property
    def application(self) -> Any:
        from django.core.handlers.wsgi import WSGIHandler

        from edge.wsgi import wrap

        return wrap(WSGIHandler(), self.observe)

    def detail(self, pk: int) -> Any:
        return super().detail(pk) if any_in_transaction() else self._json(f"detail/{pk}/")

    def page(self, group: int, order: str) -> Any:
        if any_in_transaction():
            return super().page(group, order)
        return self._json("page/", f"group={group}&order={order}")

    def owner(self, pk: int) -> Any:
        return super().owner(pk) if any_in_transaction() else self._json(f"owner/{pk}/")

    def total(self) -> Any:
        return super().total() if any_in_transaction() else self._json("total/")

    def _json(self, path: str, query: str = "") -> Any:
        status, body = self.get(f"/api/{path}", query)
        if status != 200:
            raise RuntimeError(f"{path}: {status} {body[:200]!r}")
        self.reads += 1
        if self.reads % 5000 == 0:
            logger.warning("%s of %s reads were answered by the edge", self.by_edge, self.reads)
        return json.loads(body)

    def get(self, path: str, query: str) -> tuple[int, bytes]:
        """Return status and body of a GET."""
        from django.test import RequestFactory

        environ = RequestFactory()._base_environ(PATH_INFO=path, QUERY_STRING=query, HTTP_HOST="localhost")
        del environ["HTTP_COOKIE"]
        started: list[str] = []
        body = b"".join(self.application(environ, lambda status, *_: started.append(status)))
        return int(started[0][:3]), body


class EdgeASGI(EdgeWSGI):
    conn_max_age = 0  # each request has a thread and a connection of its own, as in config/asgi.py

    @cached_property
    def application(self) -> Any:
        from django.core.handlers.asgi import ASGIHandler

        from edge.asgi import wrap

        return wrap(ASGIHandler(), self.observe)

    @cached_property
    def _loop(self) -> asyncio.AbstractEventLoop:
        return asyncio.new_event_loop()

    def get(self, path: str, query: str) -> tuple[int, bytes]:
        return self._loop.run_until_complete(self._get(path, query))

    async def _get(self, path: str, query: str) -> tuple[int, bytes]:
        scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "query_string": query.encode(),
            "scheme": "http",
        }
        scope |= {
            "headers": [(b"host", b"localhost")],
            "client": ("127.0.0.1", 1),
            "server": ("localhost", 80),
        }
        requests = [{"type": "http.request", "body": b""}]
        sent: list[dict[str, Any]] = []

        async def receive() -> Any:
            return requests.pop() if requests else await asyncio.Event().wait()

        async def send(message: Any) -> None:
            sent.append(message)

        await self.application(scope, receive, send)
        return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])
