"""The master that a Sentinel monitors, before and after a failover."""

from __future__ import annotations

import pytest
from django.test import override_settings

from tests.caching.conftest import cache_at, one_server
from tests.caching.redis_process import RedisProcess
from tests.caching.testapp.cache import book_detail
from tests.caching.testapp.writes import rename
from tests.caching.views import cached, stored
from tests.support import redis_sentinel
from tests.support.waiting import until

pytestmark = one_server


@pytest.fixture
def master(tmp_path):
    server = RedisProcess(folder(tmp_path, "master"))
    yield server
    server.remove()


@pytest.fixture
def replica(tmp_path, master):
    server = RedisProcess(folder(tmp_path, "replica"))
    with server.client() as client:
        client.replicaof("127.0.0.1", master.port)
    yield server
    server.remove()


def folder(tmp_path, name):
    made = tmp_path / name
    made.mkdir()
    return made


@pytest.fixture
def sentinel(tmp_path, master):
    with redis_sentinel.watching("127.0.0.1", master.port, tmp_path) as client:
        port = client.connection_pool.connection_kwargs["port"]
        chosen = {"CLUSTER": [], "SENTINELS": [("127.0.0.1", port)], "MASTER": redis_sentinel.MASTER}
        with override_settings(CACHING=chosen), cache_at(f"redis://{redis_sentinel.MASTER}/1"):
            yield client


def test_after_a_failover_no_value_of_the_new_master_is_served(rows, master, replica, sentinel):
    """The replica was cut off before a write, so it still has what the write has replaced."""
    assert book_detail.get(pk=rows.pk).x_cache == "MISS"
    with master.client() as client:
        assert client.wait(1, 10_000) == 1
    with replica.client() as client:
        client.replicaof("NO", "ONE")
        rename(rows.pk)
        assert book_detail.get(pk=rows.pk).value["title"] == "new"
        assert client.exists(f":1:v1:books:detail:{rows.pk}"), "the replica holds the old value"
    sentinel.sentinel_remove(redis_sentinel.MASTER)
    sentinel.sentinel_monitor(redis_sentinel.MASTER, "127.0.0.1", replica.port, 1)
    master.kill()
    assert book_detail.get(pk=rows.pk).value["title"] == "new"
    until(lambda: book_detail.get(pk=rows.pk).x_cache == "HIT")
    with replica.client() as client:
        assert client.exists(f":1:v1:books:detail:{rows.pk}")
    rename(rows.pk, "newer")
    assert cached(rows) == stored(rows)
