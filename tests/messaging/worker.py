"""A real Celery worker that sends to the test's Telegram."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

from tests.support.workers import Worker, working

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

PROCESSES = 2


def worker(folder: Path, name: str = "sender") -> AbstractContextManager[Worker]:
    """A worker that is ready, until the block ends."""
    telegram = {
        variable: getattr(settings, variable) for variable in ("TELEGRAM_API_URL", "TELEGRAM_BOT_TOKEN")
    }
    return working(folder, name=name, concurrency=PROCESSES, **telegram)
