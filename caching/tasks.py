"""What beat repairs: all of it is also done by whoever comes by, only later."""

from __future__ import annotations

from celery import shared_task

from caching import scripts
from caching.redis.scripts import ScriptCall
from caching.store import get_store


@shared_task
def drain_outbox() -> int:
    """Carry out invalidations that a process could not, and did not live to repeat."""
    return get_store().drain()


@shared_task
def sweep_fences() -> int:
    """Remove the fences of processes killed in a commit. They have expired, but cannot have a TTL."""
    store = get_store()
    return sum(store.run(ScriptCall(scripts.SWEEP, [key]))[0] for key in store.backend.scan("fence:*"))
