"""Many threads at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from django.db import connections


def crowd(size: int, work: Callable[[], Any]) -> list[Any]:
    """Run ``work`` in ``size`` threads, each with a database connection of its own, all at once.

    Raises:
        what one of them raised.
    """
    gate = threading.Barrier(size)
    results: list[Any] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            connections["default"].ensure_connection()
            gate.wait(20)
            results.append(work())
        except BaseException as error:  # noqa: BLE001  (raised again below)
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if errors:
        raise errors[0]
    return results
