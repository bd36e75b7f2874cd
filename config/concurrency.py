"""A bound on the requests that an ASGI process works on at once."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any


class LimitedConcurrency:
    """An application that answers at most ``limit`` HTTP requests at once; the others wait for their turn.

    A request takes its turn when its body has arrived, so that slow uploads keep no others waiting.
    Those to ``exempt`` paths take none: they need no database.
    """

    def __init__(self, application: Any, limit: int, exempt: Collection[str] = ()) -> None:
        self._application = application
        self._turns = asyncio.Semaphore(limit)
        self._exempt = exempt

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"] in self._exempt:
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
