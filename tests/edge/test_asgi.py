"""The edge under ASGI: what is no hit does not wait for those that may be one."""

from __future__ import annotations

import asyncio
import threading

import pytest

from edge import asgi
from edge.answering import Edge
from tests.courses.factories import CourseFactory

CACHED = "/api/v1/courses/"


def scope_of(path):
    return {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"testserver")],
        "client": ("198.51.100.1", 1),
        "server": ("testserver", 80),
    }


async def application(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": scope["path"].encode()})


async def ask(served, path):
    sent = []

    async def send(message):
        sent.append(message)

    await served(scope_of(path), None, send)
    return sent[-1]["body"].decode()


@pytest.mark.django_db
@pytest.mark.parametrize("waiting", ["answer", "learn"])
def test_a_redis_that_hangs_holds_up_neither_live_nor_a_body(monkeypatch, waiting):
    """As many requests as there are threads wait for Redis, before or after Django's response."""
    CourseFactory()
    hangs, waits = threading.Event(), threading.Semaphore(0)
    original = getattr(Edge, waiting)

    def hang(self, *given):
        waits.release()
        assert hangs.wait(30)
        return original(self, *given)

    monkeypatch.setattr(Edge, waiting, hang)
    served = asgi.wrap(application)

    async def ask_all():
        bodies = []

        async def read(path):
            async def send(message):
                if message["type"] == "http.response.body":
                    bodies.append(message["body"].decode())

            await served(scope_of(path), None, send)

        reads = [asyncio.create_task(read(CACHED)) for _ in range(asgi.THREADS)]
        for _ in reads:
            await asyncio.to_thread(waits.acquire, timeout=30)
        live = await asyncio.wait_for(ask(served, "/health/live"), 30)
        before = list(bodies)
        hangs.set()
        await asyncio.gather(*reads)
        return live, before

    live, bodies = asyncio.run(ask_all())
    assert live == "/health/live"
    assert bodies == ([CACHED] * asgi.THREADS if waiting == "learn" else [])
