"""The watch thread (recovery/watch.py)."""

from __future__ import annotations

import os
import threading

import pytest
from django.db import connection, transaction
from django.utils import timezone

from caching.errors import OutboxUnavailable
from caching.gateway import get_gateway
from caching.keys import value_target
from caching.models import Outbox
from caching.testing import check_now, original, replaced, timing
from tests.caching.testapp.cache import book_detail
from tests.caching.testapp.models import Book
from tests.support.threads import at_once
from tests.support.waiting import until

THREAD = "cache watch"


def threads():
    return [thread for thread in threading.enumerate() if thread.name == THREAD]


def read(rows):
    return book_detail.get(pk=rows.pk)


def test_first_read_waits_for_a_check_and_is_served(rows):
    assert not threads()
    assert read(rows).x_cache == "MISS"
    assert read(rows).x_cache == "HIT"
    assert len(threads()) == 1


def test_first_read_of_many_threads_starts_one_thread(rows):
    at_once(*[lambda: read(rows)] * 10)
    assert len(threads()) == 1


def test_first_read_inside_a_transaction_waits_for_nothing(rows):
    with transaction.atomic():
        assert read(rows).detail == "fwd=bypass; detail=untrusted"
    until(lambda: read(rows).x_cache == "HIT")


def test_thread_checks_again_and_again_without_readers(rows):
    checked = []
    check = original("drain")

    def count(*args, **kwargs):
        checked.append(1)
        return check(*args, **kwargs)

    with timing(tick=0.02), replaced("drain", count):
        read(rows)
        until(lambda: len(checked) > 5)


def test_thread_ends_when_nothing_is_read_and_begins_again(rows):
    with timing(idle=0.1, tick=0.02):
        read(rows)
        until(lambda: not threads())
    until(lambda: read(rows) and threads(), seconds=10)
    assert read(rows).x_cache == "HIT"


def test_stop_ends_the_thread_and_closes_its_connections(rows):
    read(rows)
    assert _sessions() > 0
    get_gateway().watch.stop()
    assert not threads()
    until(lambda: _sessions() == 0)
    assert read(rows).x_cache == "HIT", "and the next read starts another one"


def _sessions():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        return cursor.fetchone()[0]


def test_check_that_is_not_finished_in_time_leaves_readers_to_the_database(rows):
    block, entered = threading.Event(), threading.Event()

    def hold(*_args):
        entered.set()
        block.wait(20)

    with replaced("origin", hold), timing(check=0.1):
        assert read(rows).detail == "fwd=bypass; detail=untrusted"
        assert entered.is_set()
        block.set()
    until(lambda: read(rows).x_cache == "HIT")


@pytest.mark.parametrize("step", ["origin", "drain", "lift overdue", "uncovered"])
def test_check_of_which_any_part_fails_confirms_nothing(rows, step):
    def fail(*_args, **_kwargs):
        raise OutboxUnavailable("away")

    with replaced(step, fail):
        assert not check_now()
        assert read(rows).x_cache == "BYPASS"
    assert check_now()


def test_trouble_with_the_database_opens_no_breaker(rows):
    def fail(*_args, **_kwargs):
        raise OutboxUnavailable("away")

    with replaced("drain", fail):
        for _ in range(5):
            assert not check_now()
            assert read(rows).value["title"] == "old"
        assert not get_gateway().breaker.is_open


def test_check_drains_the_outbox_however_much_it_holds(rows):
    waiting = [Outbox(node=value_target(f"k{n}"), created_at=timezone.now()) for n in range(501)]
    Outbox.objects.bulk_create(waiting)
    assert check_now()
    assert not Outbox.objects.exists()


def test_check_writes_a_heartbeat(rows, cache_redis):
    assert check_now()
    assert cache_redis.keys("caching:heartbeat*")


def test_watch_after_a_missed_drop_retries_it_at_the_next_check(rows, cache_redis):
    assert read(rows).x_cache == "MISS"
    target = book_detail.group
    with timing(tick=60):
        get_gateway().watch.retry_later({target})
        assert check_now() or check_now()
    assert not cache_redis.exists(target.key)
    Book.objects.filter(pk=rows.pk).update(title="new")
    assert read(rows).value["title"] == "new"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="it forks")
def test_forked_process_starts_a_thread_of_its_own(rows, child):
    process = child()
    assert process.ask("title", rows.pk)[0] == "old"
    assert process.ask("fork") == "forked"
    assert process.ask("title", rows.pk) == ["old", "HIT"]
