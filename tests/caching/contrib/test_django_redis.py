"""``django.core.cache`` in every topology."""

from __future__ import annotations

import copy
import time

import pytest
from django.core.cache import caches
from django.test import override_settings
from redis.exceptions import RedisError

from tests.caching.redis_process import RedisProcess
from tests.support.redis_cluster import Cluster
from tests.support.redis_sentinel import MASTER, Sentinel

FACTORY = "caching.contrib.django_redis.ConnectionFactory"


@pytest.fixture
def cache_on(settings):
    """Return a function that returns the default cache in a topology."""
    overrides = []

    def make(location, **caching):
        chosen = copy.deepcopy(settings.CACHES)
        chosen["default"]["LOCATION"] = location
        chosen["default"]["OPTIONS"]["CONNECTION_FACTORY"] = FACTORY
        override = override_settings(CACHES=chosen, CACHING=caching)
        override.enable()
        overrides.append(override)
        return caches["default"]

    yield make
    for override in reversed(overrides):
        override.disable()


@pytest.fixture
def server(tmp_path):
    process = RedisProcess(tmp_path, unixsocket=str(tmp_path / "socket"), requirepass="secret")
    yield process
    process.remove()


@pytest.mark.parametrize(
    "form", ["redis://:secret@127.0.0.1:{0.port}/1", "unix://:secret@{0.folder}/socket?db=1"]
)
def test_one_server_is_seen(cache_on, server, form):
    cache = cache_on(form.format(server))
    cache.set("a", {"b": 1}, 60)
    with server.client(db=1) as client:
        assert client.get(":1:a") == b'{"b": 1}'
    cache.client.get_client().close()


def test_master_that_sentinels_name_is_seen(cache_on, server, tmp_path):
    sentinel = Sentinel("127.0.0.1", server.port, tmp_path, password="other", master_password="secret")
    cache = cache_on(
        "redis://:secret@ignored/1",
        SENTINELS=[("127.0.0.1", 1), ("127.0.0.1", sentinel.port)],
        SENTINEL_PASSWORD="other",
        MASTER=MASTER,
    )
    cache.set("a", 1, 60)
    with server.client(db=1) as client:
        assert client.get(":1:a") == b"1"
    sentinel.kill()
    cache.client.get_client().connection_pool.disconnect()
    began = time.perf_counter()
    assert cache.get("a") is None, "as IGNORE_EXCEPTIONS says"
    assert time.perf_counter() - began < 0.6
    cache.client.get_client().close()


def test_cluster_is_seen_and_one_that_is_away_raises_nothing(cache_on):
    cluster = Cluster(requirepass="secret", masterauth="secret")
    try:
        cache = cache_on("redis://:secret@ignored", CLUSTER=cluster.addresses)
        for number in range(20):
            cache.set(f"a{number}", number, 60)
        assert [cache.get(f"a{number}") for number in range(20)] == list(range(20))
        cache.client.get_client().close()
    finally:
        cluster.remove()
    cache = cache_on("redis://:secret@ignored/0", CLUSTER=cluster.addresses)
    assert cache.get("a1") is None
    with pytest.raises(RedisError):
        cache.client.get_client()
