"""The transports of Celery's broker: kombu's, which survive the loss of the broker while a task runs.

kombu closes a lost connection twice. The first attempt ends where it reads from the lost server, and takes
the address from the transport. The second attempt, and later the acknowledgement of the task, need the
address: without it they raise AttributeError, which ends the worker.
"""

from __future__ import annotations

from typing import Any

from kombu.transport import TRANSPORT_ALIASES, redis


class KeepsAddress:
    """A mixin for transports. ``client`` is the connection with the address; it is never taken away."""

    _client: Any = None

    @property
    def client(self) -> Any:
        return self._client

    @client.setter
    def client(self, client: Any) -> None:
        self._client = client or self._client


class Transport(KeepsAddress, redis.Transport):
    """For addresses that begin with ``redis:``, ``rediss:`` or ``redis+socket:``."""


class SentinelTransport(KeepsAddress, redis.SentinelTransport):
    """For addresses that begin with ``sentinel:``."""


def use_transports() -> None:
    """Let kombu use them for these addresses."""
    for scheme in ("redis", "rediss"):
        TRANSPORT_ALIASES[scheme] = f"{__name__}:{Transport.__name__}"
    TRANSPORT_ALIASES["sentinel"] = f"{__name__}:{SentinelTransport.__name__}"
