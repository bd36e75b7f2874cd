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
    from collections.abc import Mapping

THREADS = 4  # for exchanges with Redis, which must not hold up the event loop


def wrap(application: Any, observe: Observer | None = None) -> Any:
    """Return the application with the edge in front, if it is not switched off."""
    if not settings.EDGE:
        return application
    edge = Edge(observe)
    threads = ThreadPoolExecutor(THREADS, "edge")

    def ask(scope: Mapping[str, Any]) -> Answer | Visit | None:
        meta = ASGIRequest(scope, io.BytesIO()).META  # as Django sees it
        return edge.answer({**meta, "wsgi.url_scheme": scope["scheme"]})

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        if not _may_be_cached(scope):
            await application(scope, receive, send)
            return
        run = asyncio.get_running_loop().run_in_executor
        answer = await run(threads, ask, scope)
        if isinstance(answer, Answer):
            headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
            await send({"type": "http.response.start", "status": answer.status, "headers": headers})
            await send({"type": "http.response.body", "body": answer.body})
            return
        if answer is None:
            await application(scope, receive, send)
            return

        started: dict[str, Any] = {}

        async def send_and_note(message: Any) -> None:
            if message["type"] == "http.response.start":
                started.update(message)
            await send(message)

        await application({**scope, KEY: answer.handoff}, receive, send_and_note)
        if started:  # and the client has the response
            given = [(name.decode("latin-1"), text.decode("latin-1")) for name, text in started["headers"]]
            await run(threads, edge.learn, answer, started["status"], given)

    return serve


def _may_be_cached(scope: Any) -> bool:
    """Return whether a request is worth one of the threads, which wait for Redis: a health check is not."""
    if (
        scope["type"] != "http"
        or scope["method"] not in ("GET", "HEAD")
        or not scope["query_string"].isascii()
    ):
        return False
    return find_endpoint(scope["path"], scope["query_string"].decode("ascii")) is not None
