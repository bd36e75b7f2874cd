"""The transports of Celery's broker: kombu's, which survive the loss of the broker while a task runs.

kombu closes a lost connection twice. The first attempt ends where it reads from the lost server, and takes
the address from the transport. The second attempt, and later the acknowledgement of the task, need the
address: without it they raise AttributeError, which ends the worker.

That acknowledgement opens a connection in a channel that is closed already, which nothing would close again.
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


class ClosesAgain:
    """A mixin for channels: what is acknowledged after the end leaves no connection open."""

    _closing: bool
    _pool: Any

    def basic_ack(self, *args: Any, **kwargs: Any) -> None:
        try:
            super().basic_ack(*args, **kwargs)  # type: ignore[misc]  # of kombu's channel
        finally:
            if self._closing and self._pool:
                self._pool.disconnect(inuse_connections=False)  # another thread may use one


class Channel(ClosesAgain, redis.Channel):
    """For ``Transport``."""


class SentinelChannel(ClosesAgain, redis.SentinelChannel):
    """For ``SentinelTransport``."""


class Transport(KeepsAddress, redis.Transport):
    """For addresses that begin with ``redis:``, ``rediss:`` or ``redis+socket:``."""

    Channel = Channel


class SentinelTransport(KeepsAddress, redis.SentinelTransport):
    """For addresses that begin with ``sentinel:``."""

    Channel = SentinelChannel


def use_transports() -> None:
    """Let kombu use them for these addresses."""
    for scheme in ("redis", "rediss"):
        TRANSPORT_ALIASES[scheme] = f"{__name__}:{Transport.__name__}"
    TRANSPORT_ALIASES["sentinel"] = f"{__name__}:{SentinelTransport.__name__}"
