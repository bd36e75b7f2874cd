"""The database from which the cache was filled (recovery/origin.py)."""

from __future__ import annotations

import pytest

from caching.gateway import get_gateway
from caching.recovery import origin
from caching.recovery.session import Session
from caching.testing import check_now
from tests.caching.testapp.cache import book_detail
from tests.support.waiting import until


@pytest.fixture
def session(transactional_db):
    made = Session("default")
    yield made
    made.close()


def check(session):
    gateway = get_gateway()
    return origin.check(session, gateway.run, gateway.node_keys("caching:origin"))


class Elsewhere:
    """A session on another database."""

    alias = "default"

    def __init__(self, identity):
        self._identity = identity

    def query(self, _sql):
        return [(self._identity,)]


def test_identity_names_server_database_and_timeline(session):
    ((identity,),) = session.query(origin.IDENTITY)
    system, database, timeline = identity.split(":")
    assert system.isdigit()
    assert database.isdigit()
    assert int(timeline, 16) >= 1


def test_first_check_records_and_clears_nothing(session, rows):
    assert check(session) is False
    assert check(session) is False


def test_another_database_clears_the_cache_once(session, rows, cache_redis):
    assert book_detail.get(pk=rows.pk).x_cache == "MISS"
    assert check(Elsewhere("1:2:00000009")) is True
    assert not cache_redis.exists(f":1:v1:books:detail:{rows.pk}")
    assert check(Elsewhere("1:2:00000009")) is False


def test_timeline_that_has_changed_since_makes_the_next_read_a_miss(session, rows):
    """After a failover that lost transactions, the value may show rows that no longer exist."""
    book_detail.get(pk=rows.pk)
    assert book_detail.get(pk=rows.pk).x_cache == "HIT"
    assert check(Elsewhere("1:2:00000009")) is True
    assert check_now()
    assert book_detail.get(pk=rows.pk).x_cache == "MISS"
    until(lambda: book_detail.get(pk=rows.pk).x_cache == "HIT")


def test_server_that_was_cleared_trusts_what_is_stored_since(session, rows, cache_redis):
    check(session)
    cache_redis.flushdb()
    assert check(session) is False
