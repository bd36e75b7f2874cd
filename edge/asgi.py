"""The edge in front of an ASGI application."""

from __future__ import annotations

import asyncio
import io
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.handlers.asgi import ASGIRequest

from core.handoff import KEY
from edge.answering import Answer, Edge, Observer, Visit
from edge.endpoints import find_endpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

THREADS = 4  # for exchanges with Redis, which must not hold up the event loop


def wrap(application: Any, observe: Observer | None = None) -> Any:
    """Return the application with the edge in front, if it is not switched off."""
    return EdgeApplication(application, observe) if settings.EDGE else application


class EdgeApplication:
    """An ASGI application: another one with the edge in front."""

    def __init__(self, application: Any, observe: Observer | None) -> None:
        self._application = application
        self._edge = Edge(observe)
        self._threads = ThreadPoolExecutor(THREADS, "edge")

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        answer = await self._run(self._ask, scope) if _may_be_cached(scope) else None
        if answer is None:
            await self._application(scope, receive, send)
        elif isinstance(answer, Visit):
            await self._visit(answer, scope, receive, send)
        else:
            headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
            await send({"type": "http.response.start", "status": answer.status, "headers": headers})
            await send({"type": "http.response.body", "body": answer.body})

    def _ask(self, scope: Mapping[str, Any]) -> Answer | Visit | None:
        meta = ASGIRequest(scope, io.BytesIO()).META  # as Django sees it
        return self._edge.answer({**meta, "wsgi.url_scheme": scope["scheme"]})

    async def _visit(self, visit: Visit, scope: Any, receive: Any, send: Any) -> None:
        started: dict[str, Any] = {}

        async def send_and_note(message: Any) -> None:
            if message["type"] == "http.response.start":
                started.update(message)
            await send(message)

        try:
            await self._application({**scope, KEY: visit.handoff}, receive, send_and_note)
        finally:
            await self._run(visit.end)
        if started:  # and the client has the response
            headers = [(name.decode("latin-1"), text.decode("latin-1")) for name, text in started["headers"]]
            await self._run(self._edge.learn, visit, started["status"], headers)

    async def _run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)


def _may_be_cached(scope: Any) -> bool:
    """Return whether a request is worth one of the threads, which wait for Redis: a health check is not."""
    is_read = scope["type"] == "http" and scope["method"] in ("GET", "HEAD")
    if not is_read or not scope["query_string"].isascii():
        return False
    return find_endpoint(scope["path"], scope["query_string"].decode("ascii")) is not None
