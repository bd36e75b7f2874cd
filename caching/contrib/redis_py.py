"""redis-py's own clients, with connections that are configured like the cache's."""

from __future__ import annotations

from typing import Any

from redis import ConnectionPool, Redis
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode, RedisCluster
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisClusterException
from redis.retry import Retry

from caching.conf import RedisConf
from caching.redis.addresses import PORT, endpoint_of, node_endpoint
from caching.redis.topology import master_endpoint

MAX_CONNECTIONS = 500


def redis_py_client(conf: RedisConf, **options: Any) -> Redis:
    """Return a client of one server, or of the master that Sentinels name.

    It has the cache's timeouts and retries nothing, whatever the URL says.
    """
    endpoint = master_endpoint(conf)
    pool = ConnectionPool(
        connection_class=endpoint.connection_class,
        max_connections=MAX_CONNECTIONS,
        **{**endpoint.options, **options},
    )
    return Redis(connection_pool=pool, retry=Retry(NoBackoff(), 0))


def redis_py_cluster(conf: RedisConf) -> RedisCluster:
    """Return a client of a cluster, which requests the map at once.

    Raises:
        redis.exceptions.RedisError: no node answers.
    """
    base = endpoint_of(conf).with_options(db=0)
    nodes = [node_endpoint(base, server, PORT) for server in conf.cluster]
    options = {name: value for name, value in nodes[0].options.items() if name not in {"host", "port", "db"}}
    try:
        return RedisCluster(
            startup_nodes=[ClusterNode(*node.address) for node in nodes],
            ssl=nodes[0].is_tls,
            retry=Retry(NoBackoff(), 1),
            **options,
        )
    except RedisClusterException as error:
        raise RedisConnectionError(str(error)) from error
