"""Redis hangs, refuses or cuts connections: reads and writes succeed, and no read is stale afterwards."""

from __future__ import annotations

import threading

import pytest
from django.db import transaction

from caching.gateway import get_gateway
from caching.recovery.trust import TRUST_SECONDS
from caching.recovery.watch import TICK_SECONDS
from caching.redis import scripts
from caching.testing import announced_steps, original, replaced
from tests.caching.conftest import one_server
from tests.caching.testapp.cache import book_detail, book_pages
from tests.caching.testapp.writes import rename
from tests.caching.views import cached, stored
from tests.support.waiting import until

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
    while not get_gateway().breaker.is_open:  # without a write
        result = book_detail.get(pk=rows.pk)
        assert (result.x_cache, result.value["title"]) == ("BYPASS", "old")
        assert result.detail in {"fwd=bypass; detail=breaker", "fwd=bypass; detail=untrusted"}
    assert cached(rows) == stored(rows)


@pytest.mark.parametrize("mode", AWAY)
def test_with_the_breaker_open_nothing_is_sent_to_redis(rows, proxy, mode):
    """Only the probe connects. A read or a write costs only the time of the database."""
    proxy.mode = mode
    open_the_breaker(rows)
    steps = []
    with announced_steps(
        lambda step: threading.current_thread() is threading.main_thread() and steps.append(step)
    ):
        for _ in range(20):
            book_detail.get(pk=rows.pk)
            book_pages.get()
        rename(rows.pk)
        assert book_detail.get(pk=rows.pk).value["title"] == "new"
    assert steps
    assert "exchange" not in steps


@pytest.mark.parametrize("mode", AWAY)
def test_what_was_written_during_an_outage_is_read_afterwards(rows, proxy, mode):
    assert cached(rows) == stored(rows)
    proxy.mode = mode
    rename(rows.pk)
    rows.ann.books.clear()
    assert cached(rows) == stored(rows)
    proxy.mode = "pass"
    until(lambda: book_detail.get(pk=rows.third.pk).x_cache == "HIT")
    assert cached(rows) == stored(rows)
    assert cached(rows) == stored(rows)
    # A fence that was sent before the hang arrives late, and stays until it is overdue.
    assert book_detail.get(pk=rows.pk).x_cache == ("BYPASS" if mode == "hang" else "HIT")


@pytest.mark.parametrize("mode", AWAY)
def test_an_outage_between_fence_and_lift_leaves_the_lift_to_the_watch_thread(
    rows, proxy, interleaving, mode, cache_redis
):
    assert cached(rows) == stored(rows)
    writer = interleaving.actor(lambda: rename(rows.pk))
    writer.run_to("lift")
    proxy.mode = mode
    writer.finish()
    proxy.mode = "pass"
    assert book_detail.get(pk=rows.pk).value["title"] == "new"
    until(lambda: not cache_redis.keys("fence:*"))
    until(lambda: book_detail.get(pk=rows.pk).x_cache == "HIT")
    assert cached(rows) == stored(rows)


@pytest.mark.parametrize("mode", ["refuse", "cut"])
def test_a_process_that_was_idle_during_the_outage_drains_before_it_reads(rows, proxy, child, mode):
    """Its connections broke, so the next one is new, and it drains the outbox first."""
    idle, writer = child(proxy.url), child(proxy.url)
    until(lambda: idle.ask("title", rows.pk) == ["old", "HIT"])
    proxy.mode = mode
    assert writer.ask("rename", rows.pk, "new") == "new"
    writer.kill()
    proxy.mode = "pass"
    assert idle.ask("title", rows.pk)[0] == "new"


def test_a_process_whose_connection_outlives_a_hang_does_not_serve_the_old_value(rows, proxy, child):
    """Redis hangs and answers again. The other process has read nothing, but its checks have failed."""
    idle = child(proxy.url)
    until(lambda: idle.ask("title", rows.pk) == ["old", "HIT"])
    assert book_detail.get(pk=rows.pk).x_cache == "HIT"
    proxy.mode = "hang"
    rename(rows.pk)
    proxy.mode = "pass"
    until(closed)
    assert idle.ask("title", rows.pk)[0] == "new"


def test_a_writer_that_alone_is_cut_off_is_noticed_within_the_time_of_trust(rows, proxy, cache_redis, child):
    """Only the writer cannot reach Redis. Other readers may be stale for less than two seconds."""
    reader = child(redis_url(cache_redis))
    until(lambda: reader.ask("title", rows.pk) == ["old", "HIT"])
    proxy.mode = "refuse"
    rename(rows.pk)
    assert until(lambda: reader.ask("title", rows.pk)[0] == "new") < TRUST_SECONDS + TICK_SECONDS
    assert reader.ask("title", rows.pk)[0] == "new"


def redis_url(client):
    return f"redis://127.0.0.1:{client.connection_pool.connection_kwargs['port']}/1"


def test_a_refusal_of_writes_alone_is_an_outage(rows, redis_server):
    """The disk is full, so Redis reads but does not write. The writer's process does not trust it."""
    server = redis_server()
    assert cached(rows) == stored(rows)
    with server.client() as client:
        client.config_set("min-replicas-to-write", 1)
        rename(rows.pk)
        assert book_detail.get(pk=rows.pk).value["title"] == "new"
        assert cached(rows) == stored(rows)
        assert {result.x_cache for result in (book_detail.get(pk=rows.pk), book_pages.get())} == {"BYPASS"}
        client.config_set("min-replicas-to-write", 0)
    until(lambda: book_detail.get(pk=rows.pk).x_cache == "HIT")
    assert cached(rows) == stored(rows)


def test_a_request_repeated_after_a_lost_answer_restores_no_generation(rows, proxy, interleaving):
    """A reader begins a generation and its answer is lost; others store and write; it repeats the request."""
    cached(rows)
    book_detail.invalidate_all()  # no generation is left
    proxy.lose_the_answer_to(scripts.GET_GENERATION.sha.encode())
    reader = interleaving.actor(lambda: book_detail.get(pk=rows.sequel.pk))
    reader.run_to("connect")
    assert book_detail.get(pk=rows.pk).detail == "fwd=miss; stored"
    assert book_detail.get(pk=rows.pk).x_cache == "HIT"
    with transaction.atomic():
        rename(rows.pk)
        book_detail.invalidate_all()  # this deletes the generation, not each value
    reader.finish()
    assert book_detail.get(pk=rows.pk).value["title"] == "new"


def test_a_request_for_a_lease_that_arrives_again_late_restores_none(rows, interleaving):
    """A reader sends a request twice; a commit deletes the lease; then the first request arrives."""
    asked = []
    run_trusted = original("run trusted")
    with replaced("run trusted", lambda gateway, call: asked.append(call) or run_trusted(gateway, call)):
        reader = interleaving.actor(lambda: book_detail.get(pk=rows.pk))
        reader.run_to("SELECT done")
    rename(rows.pk)
    get_gateway().run(*asked)
    reader.finish()
    assert book_detail.get(pk=rows.pk).value["title"] == "new"
