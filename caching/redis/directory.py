"""Find where the data is by querying one of several servers: Sentinels, or nodes of a cluster."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from redis.connection import AbstractConnection

from caching.errors import RedisUnavailable
from caching.redis.replies import DRIVER_ERRORS, describe

# After this time without an answer, the next server is queried.
ANSWER_SECONDS = 0.2
# After this time, no other server is queried: one request waits 0.4 s at most.
BUDGET_SECONDS = 0.21
# After no server has answered, how long later callers get the same error at once.
PAUSE_SECONDS = 0.5

Address = tuple[str, int]
Fact = TypeVar("Fact")


class Directory(Generic[Fact]):
    """Queries one server after another, with a new connection for each, until one has the answer.

    The server that answered last comes first, and servers that failed come last. So a server that is down
    or hung costs each process one short wait.

    Args:
        inquire: returns the answer of the server at an address, given an open connection to it; raises if
            that server does not know.
        servers: makes a connection to each server, in the order of the queries.
    """

    def __init__(
        self,
        inquire: Callable[[Address, AbstractConnection], Fact],
        servers: Mapping[Address, Callable[[], AbstractConnection]],
    ) -> None:
        self._inquire = inquire
        self._connect = dict(servers)
        self._order = list(servers)  # replaced, never changed: threads iterate over it
        self._failure = ""
        self._pause_ends = 0.0

    def find(self) -> Fact:
        """Return the answer of the first server that has one.

        Raises:
            RedisUnavailable: no server answered in time, or none did a moment ago.
        """
        if time.monotonic() < self._pause_ends:
            raise RedisUnavailable(self._failure)
        last_start = time.monotonic() + BUDGET_SECONDS
        failures = []
        for address in self._order:
            try:
                fact = self._ask(address)
            except DRIVER_ERRORS as error:
                failures.append(f"{address[0]}:{address[1]}: {describe(error)}")
                self._move(address, to_front=False)
                if time.monotonic() > last_start:
                    break
            else:
                self._move(address, to_front=True)
                return fact
        self._failure = "; ".join(failures)
        self._pause_ends = time.monotonic() + PAUSE_SECONDS
        raise RedisUnavailable(self._failure)

    def know(self, servers: Mapping[Address, Callable[[], AbstractConnection]]) -> None:
        """Add servers to those that ``find`` queries."""
        self._connect.update(servers)
        self._order = [*self._order, *(address for address in servers if address not in self._order)]

    def _ask(self, address: Address) -> Fact:
        connection = self._connect[address]()
        try:
            connection.connect()
            return self._inquire(address, connection)
        finally:
            connection.disconnect()

    def _move(self, address: Address, *, to_front: bool) -> None:
        others = [other for other in self._order if other != address]
        self._order = [address, *others] if to_front else [*others, address]
