"""A process is killed with SIGKILL at each point of a write and of a read."""

from __future__ import annotations

import contextlib

import pytest
from django.db import connection, transaction

from caching.gateway import FENCE_OVERDUE_MS
from tests.caching.conftest import one_server
from tests.caching.strategies import STRATEGIES
from tests.caching.testapp.cache import book_detail, book_pages
from tests.caching.testapp.models import Book
from tests.caching.testapp.writes import rename
from tests.support.waiting import until

pytestmark = one_server


def read(rows):
    return book_detail.get(pk=rows.pk).value["title"], book_pages.get().value["titles"][0]


def stored(rows):
    title = Book.objects.values_list("title", flat=True).get(pk=rows.pk)
    return title, title


def kill_at(process, step, *command):
    """Let another process run a command until it reaches ``step``, and kill it there."""
    process.ask("stop_before", step)
    process.send(*command)
    assert process.answer() == ["stopped", step]
    process.kill()
    until(_no_other_transaction_is_open)


def _no_other_transaction_is_open():
    """Return whether the server has rolled back the transactions of clients that are gone."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND xact_start IS NOT NULL"
        )
        return cursor.fetchone() == (0,)


def make_fences_overdue(client):
    """Make fences overdue and leases expired, as after ten seconds."""
    for key in client.scan_iter("fence:*"):
        for member in client.zrange(key, 0, -1):
            client.zadd(key, {member: 1})


@pytest.mark.parametrize("step", ["fence", "COMMIT", "COMMIT done", "lift done"])
def test_a_writer_killed_at_any_point_leaves_nothing_stale(rows, child, cache_redis, step):
    process = child()
    assert read(rows) == ("old", "old")
    kill_at(process, step, "rename", rows.pk, "new")
    committed = stored(rows)
    assert committed == (("new", "new") if step.endswith("done") else ("old", "old"))
    assert read(rows) == committed
    assert read(rows) == committed
    make_fences_overdue(cache_redis)
    assert read(rows) == committed
    until(lambda: book_detail.get(pk=rows.pk).x_cache == "HIT")
    until(lambda: book_pages.get().x_cache == "HIT")
    assert read(rows) == committed


@pytest.mark.parametrize("step", ["SELECT", "fill"])
def test_a_reader_killed_at_any_point_delays_no_other(rows, child, cache_redis, step):
    """It may hold the lease. The others read from the database and see the write."""
    process = child()
    kill_at(process, step, "title", rows.pk)
    assert read(rows)[0] == "old"
    Book.objects.filter(pk=rows.pk).update(title="new")
    assert read(rows)[0] == "new"
    assert book_detail.get(pk=rows.pk).x_cache == "HIT"


def test_a_naive_design_stays_stale_when_killed_after_the_commit(rows, child):
    """The process is killed between COMMIT and the callback; nothing reports the change."""
    strategy = STRATEGIES["on_commit"]()
    with strategy.installed():
        assert strategy.title(rows.pk) == "old"
        kill_at(child(), "COMMIT done", "rename", rows.pk, "new")
        assert stored(rows)[0] == "new"
        assert strategy.title(rows.pk) == "old"


def test_a_fence_is_overdue_after_ten_seconds_and_cannot_be_evicted(rows, interleaving, cache_redis):
    writer = interleaving.actor(lambda: rename(rows.pk))
    writer.run_to("COMMIT")
    key = f"fence:{{:1:v1:books:detail:{rows.pk}}}"
    [(_, overdue_ms)] = cache_redis.zrange(key, 0, -1, withscores=True)
    seconds, micros = cache_redis.time()
    assert 0 < overdue_ms - (seconds * 1000 + micros / 1000) <= FENCE_OVERDUE_MS == 10_000
    assert cache_redis.ttl(key) == -1, "a TTL would let a volatile-* policy evict it"


def test_a_connection_closed_under_an_open_transaction_drops_its_pending_changes(rows):
    read(rows)
    with contextlib.suppress(Exception):
        _close_within_a_transaction(rows)
    connection.close()
    assert read(rows) == stored(rows) == ("old", "old")
    assert book_detail.get(pk=rows.pk).x_cache == "HIT"


def _close_within_a_transaction(rows):
    with transaction.atomic():
        Book.objects.filter(pk=rows.pk).update(title="new")
        connection.close()
