"""ASGI entry point: ``uvicorn config.asgi:application``, with a bounded number of database connections.

Django runs each request in a thread of its own, and a thread has its own connection. So no connection
outlasts its request, and so many requests at most are worked on at once; the others wait for their turn.
"""

import asyncio
import os
from typing import Any

from django.conf import settings
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ["DB_CONN_MAX_AGE"] = "0"  # before settings are read


class LimitedConcurrency:
    """An application that answers at most ``limit`` HTTP requests at once.

    A request takes its turn when its body has arrived, so that slow uploads keep no others waiting.
    """

    def __init__(self, application: Any, limit: int) -> None:
        self._application = application
        self._turns = asyncio.Semaphore(limit)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        has_turn = False

        async def receive_in_turn() -> Any:
            nonlocal has_turn
            message = await receive()
            if not (has_turn or message.get("more_body")):
                await self._turns.acquire()
                has_turn = True
            return message

        try:
            await self._application(scope, receive_in_turn, send)
        finally:
            if has_turn:
                self._turns.release()


application = LimitedConcurrency(get_asgi_application(), settings.ASGI_MAX_REQUESTS)
