"""A function for a periodic Celery task: repairs also happen while no process reads the cache."""

from __future__ import annotations

from celery import shared_task

from caching.gateway import get_gateway
from caching.keys import fenced_target


@shared_task
def repair() -> None:
    """Run the invalidations in the outbox, and lift the fences of processes that were killed."""
    gateway = get_gateway()
    gateway.watch.examine(*map(fenced_target, gateway.backend.scan("fence:*")))
    gateway.watch.check()
