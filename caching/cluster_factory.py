"""Lets ``django.core.cache`` see the keys of a Redis Cluster, through django-redis."""

from __future__ import annotations

import functools
from typing import Any

from django.conf import settings
from django_redis.pool import ConnectionFactory
from redis.cluster import ClusterNode, RedisCluster


@functools.cache
def cluster_client() -> RedisCluster:
    """redis-py's client of the cluster: one for the process, as it keeps the map of slots."""
    caches: dict[str, dict[str, Any]] = settings.CACHES
    options = caches["default"]["OPTIONS"]
    return RedisCluster(
        startup_nodes=[ClusterNode(host, port) for host, port in settings.CACHING["CLUSTER"]],
        socket_timeout=options["SOCKET_TIMEOUT"],
        socket_connect_timeout=options["SOCKET_CONNECT_TIMEOUT"],
    )


class ClusterConnectionFactory(ConnectionFactory):
    """``CONNECTION_FACTORY`` of a cache whose servers are ``settings.CACHING["CLUSTER"]``."""

    def connect(self, url: str) -> Any:
        """The cluster's client; ``url`` names one server and is not used."""
        del url
        return cluster_client()
