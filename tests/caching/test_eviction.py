"""Redis is full: it evicts values, leases and generations, but no fence, and no read is stale."""

from __future__ import annotations

import contextlib

import pytest
from redis.exceptions import OutOfMemoryError

from caching.testing import check_now
from tests.caching.conftest import one_server
from tests.caching.testapp.cache import book_detail, book_pages
from tests.caching.testapp.models import Book
from tests.caching.testapp.writes import rename
from tests.caching.views import cached, stored
from tests.support.waiting import until

pytestmark = one_server

POLICIES = ["volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl"]
PADDING = "x" * 2000


def fill_to_the_brim(client, times=600):
    """Write keys with a TTL until Redis evicts, as other keys of the cache would."""
    before = client.info("stats")["evicted_keys"]
    for number in range(times):
        client.set(f"padding:{number}", PADDING, ex=3600)
    assert client.info("stats")["evicted_keys"] > before


@pytest.fixture(params=POLICIES)
def full(request, redis_server):
    server = redis_server(maxmemory="2mb", maxmemory_policy=request.param)
    with server.client() as client:
        fill_to_the_brim(client, 2000)
        yield client


def test_whatever_is_evicted_no_read_is_stale(rows, full):
    for round_number in range(5):
        assert cached(rows) == stored(rows)
        fill_to_the_brim(full)
        rename(rows.pk, f"title {round_number}")
        assert cached(rows) == stored(rows)
        fill_to_the_brim(full)
        Book.objects.filter(pk=rows.third.pk).update(shelf=rows.lower, title=f"third {round_number}")
        assert cached(rows) == stored(rows)


def test_a_fence_survives_what_evicts_everything_else(rows, full, interleaving):
    writer = interleaving.actor(lambda: rename(rows.pk))
    writer.run_to("COMMIT")
    fill_to_the_brim(full, 2000)
    assert book_detail.get(pk=rows.pk).detail == "fwd=bypass; detail=fence"
    assert book_pages.get().detail == "fwd=bypass; detail=fence"
    writer.finish()
    assert cached(rows) == stored(rows)


def test_a_lease_that_was_evicted_stores_nothing(rows, full, interleaving):
    until(check_now)
    reader = interleaving.actor(lambda: book_detail.get(pk=rows.pk))
    reader.run_to("fill")
    for key in full.keys("lease:*"):
        full.delete(key)
    rename(rows.pk)
    assert reader.finish().detail == "fwd=miss"
    assert cached(rows) == stored(rows)


def test_a_server_that_has_no_room_for_a_fence_is_no_reason_to_be_stale(rows, redis_server):
    """Only keys without a TTL are left: every write to Redis fails, but deletion works."""
    server = redis_server(maxmemory="2mb", maxmemory_policy="volatile-lru")
    assert cached(rows) == stored(rows)
    with server.client() as client:
        with contextlib.suppress(OutOfMemoryError):
            while True:
                client.rpush("kept", PADDING)
        rename(rows.pk)
        assert cached(rows) == stored(rows)
        Book.objects.filter(pk=rows.pk).update(shelf=rows.lower)
        assert cached(rows) == stored(rows)
        client.delete("kept")
    assert cached(rows) == stored(rows)
