"""Redis hangs, refuses, cuts: every read answers, every write succeeds, nothing stale comes back."""

from __future__ import annotations

import pytest
from django.db import connection

from caching import scripts
from caching.gateway import Store, get_gateway
from tests.caching.conftest import one_server
from tests.caching.testapp.cache import book_detail, book_pages
from tests.caching.testapp.writes import rename
from tests.caching.test_writes import move_by_raw_sql
from tests.caching.views import cached, stored
from tests.waiting import until

pytestmark = one_server

AWAY = ["hang", "refuse", "cut"]


def closed():
    return not get_gateway().breaker.is_open


def open_the_breaker(rows):
    until(lambda: (book_detail.get(pk=rows.pk), get_gateway().breaker.is_open)[1])


@pytest.mark.parametrize("mode", AWAY)
def test_reads_answer_and_the_breaker_opens(rows, proxy, mode):
    assert cached(rows) == stored(rows)
    proxy.mode = mode
    for _ in range(3):  # enough to open it, without a write
        reading = book_detail.get(pk=rows.pk)
        assert (reading.x_cache, reading.value["title"]) == ("BYPASS", "old")
        assert reading.detail == "fwd=bypass; detail=breaker"
    assert get_gateway().breaker.is_open
    assert cached(rows) == stored(rows)


@pytest.mark.parametrize("mode", AWAY)
def test_with_the_breaker_open_nobody_asks_redis(rows, proxy, mode, monkeypatch):
    """But the probe: what a read or a write costs then is the database alone."""
    proxy.mode = mode
    open_the_breaker(rows)
    asked = []
    monkeypatch.setattr(get_gateway().backend, "read", lambda *keys: asked.append(keys))
    monkeypatch.setattr(get_gateway().backend, "run", lambda *calls: asked.append(calls))
    for _ in range(20):
        book_detail.get(pk=rows.pk)
        book_pages.get()
    rename(rows.pk)
    assert book_detail.get(pk=rows.pk).value["title"] == "new"
    assert asked == []


@pytest.mark.parametrize("mode", AWAY)
def test_what_was_written_meanwhile_is_read_afterwards(rows, proxy, mode):
    assert cached(rows) == stored(rows)
    proxy.mode = mode
    rename(rows.pk)
    rows.ann.books.clear()
    assert cached(rows) == stored(rows)
    proxy.mode = "pass"
    until(closed)
    assert cached(rows) == stored(rows)
    assert cached(rows) == stored(rows)
    # A fence that was sent before the hang arrives late, and stands until it expires.
    assert book_detail.get(pk=rows.pk).x_cache == ("BYPASS" if mode == "hang" else "HIT")


@pytest.mark.parametrize("mode", AWAY)
def test_an_outage_between_fence_and_lift_leaves_a_fence_to_expire(rows, proxy, interleaving, mode, cache_redis):
    assert cached(rows) == stored(rows)
    writer = interleaving.actor(lambda: rename(rows.pk))
    writer.run_to("lift")
    proxy.mode = mode
    writer.finish()
    proxy.mode = "pass"
    until(closed)
    assert book_detail.get(pk=rows.pk).value["title"] == "new"
    if mode != "hang":  # a lift that was sent before the hang arrives late
        assert book_detail.get(pk=rows.pk).detail == "fwd=bypass; detail=fence"
        assert cache_redis.zcard(f"fence:{{:1:v1:books:detail:{rows.pk}}}") == 1
    assert cached(rows) == stored(rows)


@pytest.mark.parametrize("mode", ["refuse", "cut"])
def test_a_process_that_was_idle_during_the_outage_drains_before_it_reads(rows, proxy, child, mode):
    """Its connections broke, so its next one is a new one: it carries out the outbox first."""
    idle, writer = child(proxy.url), child(proxy.url)
    assert idle.ask("title", rows.pk) == ["old", "MISS"]
    proxy.mode = mode
    assert writer.ask("rename", rows.pk, "new") == "new"
    writer.kill()
    proxy.mode = "pass"
    assert idle.ask("title", rows.pk)[0] == "new"


def test_an_idle_process_whose_connection_outlives_a_hang_is_repaired_by_the_writer(rows, proxy, child):
    """The one case in which an old value can be read after its write was acknowledged.

    Redis hangs: the idle process notices nothing, as it asks nothing and its connection lives on. The
    writer's fence times out and is noted in the outbox. When Redis answers again, the idle process may
    hit the old value until the writer's fence, which was sent before the hang, arrives late, or its
    probe has drained the outbox: a fraction of a second. Afterwards it may not.
    """
    idle = child(proxy.url)
    assert idle.ask("title", rows.pk) == ["old", "MISS"]
    assert book_detail.get(pk=rows.pk).x_cache == "HIT"
    proxy.mode = "hang"
    rename(rows.pk)
    proxy.mode = "pass"
    until(closed)
    assert idle.ask("title", rows.pk)[0] == "new"


def test_a_refusal_of_writes_alone_opens_the_breaker(rows, redis_server):
    """Disk full: Redis reads, but writes nothing. The writer's process believes nothing it holds."""
    server = redis_server()
    assert cached(rows) == stored(rows)
    with server.client() as client:
        client.config_set("min-replicas-to-write", 1)
        rename(rows.pk)
        assert book_detail.get(pk=rows.pk).value["title"] == "new"
        assert cached(rows) == stored(rows)
        assert get_gateway().breaker.is_open
        client.config_set("min-replicas-to-write", 0)
    until(closed)
    assert cached(rows) == stored(rows)


def test_an_answer_lost_on_the_way_is_asked_for_again_and_revives_no_epoch(rows, proxy, interleaving):
    """Reader begins an epoch, its answer is lost; others store and write; it asks again."""
    cached(rows)
    move_by_raw_sql(rows)  # no epoch is left
    proxy.lose_the_answer_to(scripts.ADMIT.sha.encode())
    reader = interleaving.actor(lambda: book_detail.get(pk=rows.sequel.pk))
    reader.run_to("connect")
    assert book_detail.get(pk=rows.pk).detail == "fwd=miss; stored"
    assert book_detail.get(pk=rows.pk).x_cache == "HIT"
    with connection.cursor() as cursor:
        cursor.execute("UPDATE shelf_book SET title = 'new' WHERE id = %s", [rows.pk])
    reader.finish()
    assert book_detail.get(pk=rows.pk).value["title"] == "new"


def test_a_request_for_a_lease_that_arrives_again_late_revives_none(rows, interleaving, monkeypatch):
    """Reader asks twice, as the first answer was lost; a commit takes the lease; the first arrives."""
    asked = []
    lease = Store.lease
    monkeypatch.setattr(Store, "lease", lambda store, call: asked.append(call) or lease(store, call))
    reader = interleaving.actor(lambda: book_detail.get(pk=rows.pk))
    reader.run_to("SELECT done")
    rename(rows.pk)
    get_gateway().run(*asked)
    reader.finish()
    assert book_detail.get(pk=rows.pk).value["title"] == "new"
