"""Fifty simultaneous reads of a value that is not stored: count how often it is computed."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from django.core.cache import cache
from django.db import connection

from benchmarks.costs.measure import Cost

READERS, TIMES, MAX_COMPUTATIONS = 50, 10, 2
LOAD_SECONDS = 0.02


class Computation:
    """A slow load that counts its calls."""

    def __init__(self) -> None:
        self.count = 0
        self._lock = threading.Lock()

    def __call__(self, n: int) -> dict[str, int]:
        with self._lock:
            self.count += 1
        time.sleep(LOAD_SECONDS)
        return {"n": n}


def costs() -> Iterator[Cost]:
    from caching import Cached

    load = Computation()
    cached = Cached("ledger:stampede:{n}", ttl=60, load=load, invalidated_by={})
    while cached.get(n=-1).x_cache == "BYPASS":  # until Redis is trusted again: another part kept it busy
        time.sleep(0.05)
    ours = max(_computations(load, lambda n: cached.get(n=n), n) for n in range(TIMES))
    naive = max(_computations(load, lambda n: _get_or_set(load, n), n) for n in range(TIMES))
    yield Cost(
        f"{READERS} cold reads at once",
        ours,
        {"get, load, set": naive},
        f"≤ {MAX_COMPUTATIONS} computations",
        ours <= MAX_COMPUTATIONS,
        "computations",
    )


def _computations(load: Computation, read: object, n: int) -> int:
    load.count = 0
    barrier = threading.Barrier(READERS)

    def reader() -> None:
        try:
            barrier.wait()
            read(n)  # type: ignore[operator]
        finally:
            connection.close()

    with ThreadPoolExecutor(READERS) as pool:
        for future in [pool.submit(reader) for _ in range(READERS)]:
            future.result()
    return load.count


def _get_or_set(load: Computation, n: int) -> object:
    value = cache.get(f"stampede:{n}")
    if value is None:
        value = load(n)
        cache.set(f"stampede:{n}", value, 60)
    return value
