"""The system check finds a database that the cache and the broker share, in whatever form of address."""

from __future__ import annotations

import copy

import pytest

from caching.redis.checks import check_databases

SENTINELS = [("10.0.0.1", 26379), ("10.0.0.2", 26379)]


@pytest.fixture
def found(settings):
    """Return a function that returns the ids of the check's messages for a cache and a broker."""

    def check(cache, broker, **caching):
        caches = copy.deepcopy(settings.CACHES)
        caches["default"]["LOCATION"] = cache
        settings.CACHES = caches
        settings.CACHING = caching
        settings.CELERY_BROKER_URL = broker
        return [message.id for message in check_databases()]

    return check


@pytest.mark.parametrize(
    ("cache", "broker"),
    [
        ("redis://localhost", "redis://127.0.0.1:6379/0"),
        ("redis://localhost/0", "redis://LOCALHOST/"),
        ("redis://:secret@host:7/1", "redis://host:7/1"),
        ("redis://host?db=2", "redis://host/2"),
        ("rediss://host/0", "redis://host"),
        ("unix:///run/redis.sock?db=1", "redis+socket:///run/redis.sock?virtual_host=1"),
        ("unix:///run/redis.sock", "unix://:secret@/run/redis.sock?db=0"),
    ],
)
def test_one_database_for_both_is_refused(found, cache, broker):
    assert found(cache, broker) == ["caching.E011"]


@pytest.mark.parametrize(
    ("cache", "broker"),
    [
        ("redis://localhost/1", "redis://localhost/0"),
        ("redis://localhost/1", "redis://localhost"),
        ("redis://localhost:1/0", "redis://localhost:2/0"),
        ("redis://one/0", "redis://other/0"),
        ("unix:///run/redis.sock?db=1", "redis+socket:///run/redis.sock?virtual_host=0"),
        ("unix:///run/one.sock", "redis+socket:///run/other.sock"),
        ("redis://localhost/0", "amqp://localhost/0"),
        ("redis://localhost/0", None),
    ],
)
def test_databases_of_their_own_pass(found, cache, broker):
    assert found(cache, broker) == []


def test_master_of_the_same_sentinels_is_the_same_server(found):
    broker = "sentinel://:secret@10.0.0.2:26379;sentinel://10.0.0.3:26379/1"
    assert found("redis://ignored/1", broker, SENTINELS=SENTINELS, MASTER="m") == ["caching.E011"]
    assert found("redis://ignored/0", broker, SENTINELS=SENTINELS, MASTER="m") == []
    assert found("redis://10.0.0.2:26379/1", broker) == []


def test_node_of_the_cluster_is_no_broker(found):
    cluster = [("10.0.0.1", 7000), ("10.0.0.2", 7000)]
    assert found("redis://ignored/1", "redis://10.0.0.2:7000/0", CLUSTER=cluster) == ["caching.E011"]
    assert found("redis://ignored/1", "redis://ignored/1", CLUSTER=cluster) == []


def test_other_settings_are_named_by_the_project(found, settings):
    settings.SESSION_REDIS = "redis://localhost/1"
    assert found("redis://localhost/1", "redis://localhost/1", SEPARATE_FROM=["SESSION_REDIS"]) == [
        "caching.E011"
    ]
    assert found("redis://localhost/1", "redis://localhost/1", SEPARATE_FROM=[]) == []


@pytest.mark.parametrize(
    ("cache", "broker"),
    [
        ("redis://:secret@host:port/1", "redis://host"),
        ("redis://host/1", "redis://:secret@host/0?nonsense=1"),
    ],
)
def test_address_that_is_none_is_named_without_its_password(found, cache, broker):
    assert found(cache, broker) == ["caching.E010"]
    assert "secret" not in str(check_databases())
