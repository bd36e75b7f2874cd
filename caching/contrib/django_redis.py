"""A connection factory for django-redis: ``django.core.cache`` reads the cache's keys in every topology.

::

    CACHES["default"]["OPTIONS"]["CONNECTION_FACTORY"] = "caching.contrib.django_redis.ConnectionFactory"
"""

from __future__ import annotations

import functools
from typing import Any

from django.core.signals import setting_changed
from django_redis.exceptions import ConnectionInterrupted
from django_redis.pool import ConnectionFactory as DjangoRedisFactory
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from caching.conf import RedisConf, redis_conf
from caching.contrib.redis_py import redis_py_client, redis_py_cluster


class ClusterUnavailable(ConnectionInterrupted, RedisConnectionError):  # noqa: N818  (as its base)
    """No node of the cluster answers. It is django-redis' error and, for the client itself, redis-py's."""

    def __init__(self) -> None:
        ConnectionInterrupted.__init__(self, connection=None)


class ConnectionFactory(DjangoRedisFactory):
    """Connects to the Redis of settings.CACHING: one server, the Sentinels' master, or a cluster."""

    def connect(self, url: str) -> Any:
        """Return the client of this process.

        Args:
            url: LOCATION. For a cluster and with Sentinels its host is not used.

        Raises:
            ClusterUnavailable: no node answers; django-redis ignores it where IGNORE_EXCEPTIONS says so.
        """
        conf = redis_conf()._replace(url=url)
        try:
            return _client(conf)
        except RedisError as error:
            raise ClusterUnavailable from error


@functools.lru_cache(maxsize=8)
def _client(conf: RedisConf) -> Any:
    """Return one client per configuration: it holds the connections and the map of a cluster."""
    return redis_py_cluster(conf) if conf.cluster else redis_py_client(conf)


def _close_clients(*, setting: str, **_: Any) -> None:
    if setting in {"CACHES", "CACHING"}:
        _client.cache_clear()


setting_changed.connect(_close_clients)
