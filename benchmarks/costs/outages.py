"""A read while the circuit breaker is open, compared with the same load without a cache."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.costs.measure import Cost, medians
from benchmarks.history.contestants import current
from benchmarks.history.ledger.loads import load_detail
from caching.gateway import get_gateway

ROUNDS, REPEAT = 30, 20
MAX_MS = 1.0


def costs() -> Iterator[Cost]:
    product = current()
    breaker = get_gateway().breaker
    breaker.is_open = True  # as during an outage; no probe runs that could close it
    found = medians(
        {"open": lambda: product.details.get(pk=1), "load": lambda: load_detail(1)},
        rounds=ROUNDS,
        repeat=REPEAT,
    )
    breaker.is_open = False
    more = found["open"] - found["load"]
    yield Cost(
        "a read with the breaker open",
        found["open"],
        {"the load alone": found["load"]},
        f"< +{MAX_MS:g} ms ({more:+.2f} ms)",
        more < MAX_MS,
    )
