"""Servers that know where the data is: the Sentinels of a master, the nodes of a cluster."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from redis.connection import AbstractConnection

from caching.errors import RedisUnavailable
from caching.redis.replies import DRIVER_ERRORS, describe

# One that does not answer within it is passed over.
ANSWER_SECONDS = 0.2
# No server is asked that would be asked later than this: one request waits 0.4 s at most.
BUDGET_SECONDS = 0.21
# When none has answered, later callers get the same error at once for so long.
PAUSE_SECONDS = 0.5

Address = tuple[str, int]
Fact = TypeVar("Fact")


class Directory(Generic[Fact]):
    """Asks one server after another, by a new connection each, until one knows.

    The one that answered last is asked first, those that failed are asked last: a server that is dead or
    hung costs each process one short wait.

    Args:
        inquire: gets the fact from an open connection to the server at an address; raises where that does
            not know.
        servers: how to connect to each server, in the order in which to ask them.
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
        """Return what the first server says that knows.

        Raises:
            RedisUnavailable: none answered in the time there is, or a moment ago none did.
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
        """Add servers to those that are asked."""
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
