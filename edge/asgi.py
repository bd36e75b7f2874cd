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

    async def serve(scope: Any, receive: Any, send: Any) -> Any:
        is_read = scope["type"] == "http" and scope["method"] in ("GET", "HEAD")
        if not is_read or not scope["query_string"].isascii():
            return await application(scope, receive, send)
        run = asyncio.get_running_loop().run_in_executor
        answer = await run(threads, ask, scope)
        if isinstance(answer, Answer):
            headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
            await send({"type": "http.response.start", "status": answer.status, "headers": headers})
            return await send({"type": "http.response.body", "body": answer.body})
        if answer is None:
            return await application(scope, receive, send)

        async def send_and_learn(message: Any) -> None:
            await send(message)
            if message["type"] == "http.response.start":
                given = [
                    (name.decode("latin-1"), text.decode("latin-1")) for name, text in message["headers"]
                ]
                await run(threads, edge.learn, answer, message["status"], given)

        try:
            return await application({**scope, KEY: answer.handoff}, receive, send_and_learn)
        finally:
            if answer.handoff.lease:
                await run(threads, answer.end)

    return serve
