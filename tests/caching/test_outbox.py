"""Redis is unavailable when a write must invalidate: the outbox records that, and is drained first."""

from __future__ import annotations

import contextlib

import pytest
from django.db import connection, transaction
from django.utils import timezone

from caching.models import Outbox
from caching.testing import check_now, original, replaced, timing
from tests.caching.conftest import cache_at, one_server
from tests.caching.losses import lost_answer
from tests.caching.proxy import Proxy
from tests.caching.testapp.cache import book_detail
from tests.caching.testapp.models import Mute
from tests.caching.testapp.writes import rename
from tests.support.waiting import until

pytestmark = one_server


def title(pk):
    return book_detail.get(pk=pk).value["title"]


@pytest.fixture
def away(rows, proxy):
    """Store the old title in Redis, then let Redis refuse connections."""
    assert title(rows.pk) == "old"
    assert book_detail.get(pk=rows.pk).x_cache == "HIT"
    proxy.mode = "refuse"
    return proxy


def test_a_write_is_recorded_in_its_own_transaction(rows, away):
    with transaction.atomic():
        rename(rows.pk)
    assert Outbox.objects.exists()


def test_a_rolled_back_write_is_not_recorded(rows, away):
    with transaction.atomic():
        rename(rows.pk)
        transaction.set_rollback(True)
    assert not Outbox.objects.exists()
    assert title(rows.pk) == "old"


def test_a_write_that_fails_at_commit_is_not_recorded(rows, away):
    with connection.cursor() as cursor, pytest.raises(Exception, match="violates foreign key"):
        cursor.execute("UPDATE shelf_book SET shelf_id = 0 WHERE id = %s", [rows.pk])
    assert not Outbox.objects.exists()


def test_it_is_carried_out_before_this_process_reads_the_cache_again(rows, away):
    rename(rows.pk)
    assert title(rows.pk) == "new"
    away.mode = "pass"
    until(lambda: book_detail.get(pk=rows.pk).x_cache != "BYPASS")
    assert title(rows.pk) == "new"
    assert not Outbox.objects.exists()


def test_it_is_carried_out_before_another_process_reads_the_cache(rows, away, child):
    """The writer is killed during the outage. A process that starts later drains the outbox first."""
    writer = child(away.url)
    assert writer.ask("rename", rows.pk, "new") == "new"
    writer.kill()
    assert Outbox.objects.exists()
    reader = child(f"redis://127.0.0.1:{away.target}/1")
    assert reader.ask("title", rows.pk) == ["new", "MISS"]
    assert not Outbox.objects.exists()


def test_a_process_whose_connection_was_cut_carries_it_out_too(rows, proxy, child):
    """Both were connected; the network fails for both; the writer is killed; the network works again."""
    reader, writer = child(proxy.url), child(proxy.url)
    assert reader.ask("title", rows.pk) == ["old", "MISS"]
    assert writer.ask("title", rows.pk) == ["old", "HIT"]
    proxy.mode = "refuse"
    assert writer.ask("rename", rows.pk, "new") == "new"
    writer.kill()
    proxy.mode = "pass"
    assert reader.ask("title", rows.pk)[0] == "new"


def test_a_process_that_is_back_first_does_not_serve_what_another_one_is_recording(rows, away, child):
    """Redis answers the reader again. The writer's breaker is still open, so it commits to the outbox."""
    with timing(grace=60), contextlib.closing(Proxy(away.target)) as writers_way:
        writer = child(writers_way.url)
        writers_way.mode = "refuse"
        assert title(rows.pk) == "old"
        away.mode = "pass"
        until(check_now)
        assert title(rows.pk) == "old"
        assert writer.ask("rename", rows.pk, "new") == "new"
        assert title(rows.pk) == "new"


def test_the_grace_after_an_outage_ends(rows, away):
    with timing(grace=0.2):
        assert book_detail.get(pk=rows.pk).x_cache == "BYPASS"
        away.mode = "pass"
        until(lambda: book_detail.get(pk=rows.pk).x_cache == "HIT")


@pytest.mark.parametrize("rows_waiting", [1, 501])
def test_a_fence_that_fails_once_is_made_good_before_the_next_read(rows, proxy, rows_waiting):
    """The connection breaks while the fence is set, and Redis answers again at once."""
    assert title(rows.pk) == "old"
    Outbox.objects.bulk_create([_waiting(n) for n in range(rows_waiting - 1)])
    fence = original("fence")

    def fence_without_redis(*args):
        proxy.mode = "refuse"
        try:
            fence(*args)
        finally:
            proxy.mode = "pass"

    with replaced("fence", fence_without_redis):
        rename(rows.pk)
    assert title(rows.pk) == "new"
    assert title(rows.pk) == "new"
    until(lambda: not Outbox.objects.exists())


def _waiting(number):
    return Outbox(node=[f"k{number}", f"g{number}", f"f{number}"], created_at=timezone.now())


def test_an_outbox_that_cannot_be_written_fails_the_write(rows, away):
    """A change that can neither be invalidated nor recorded must not be committed."""
    rename_table("caching_outbox", "elsewhere")
    try:
        with pytest.raises(Exception, match="caching_outbox"):
            rename(rows.pk)
        connection.close()
        assert title(rows.pk) == "old"
    finally:
        connection.close()
        rename_table("elsewhere", "caching_outbox")


def rename_table(name, other):
    """Rename a table without Django, which would invalidate every value and need the outbox for that."""
    connection.ensure_connection()
    with connection.connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {name} RENAME TO {other}")


def test_nothing_is_trusted_before_a_commit_under_way_is_drained_too(rows, away, interleaving):
    """The outbox is empty, but a writer's COMMIT with a row is in flight: the check must wait for it."""
    rename(rows.pk, "newer")
    writer = interleaving.actor(lambda: rename(rows.pk, "newest"))
    writer.run_to("COMMIT")
    away.mode = "pass"
    until(_a_check_waits_for_the_outbox)
    assert book_detail.get(pk=rows.pk).x_cache == "BYPASS"
    writer.finish()
    until(lambda: book_detail.get(pk=rows.pk).x_cache != "BYPASS")
    assert title(rows.pk) == "newest"
    assert not Outbox.objects.exists()


def _a_check_waits_for_the_outbox():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_locks WHERE relation = 'caching_outbox'::regclass AND NOT granted")
        return cursor.fetchone()


def test_a_check_that_fails_leaves_the_rows_and_the_next_one_drains_them(rows, proxy):
    Outbox.objects.bulk_create([_waiting(1)])
    proxy.mode = "refuse"
    assert not check_now()
    assert Outbox.objects.exists()
    proxy.mode = "pass"
    until(check_now)
    assert not Outbox.objects.exists()


def test_a_process_that_only_writes_drains_what_it_recorded(rows, away):
    """This process reads nothing, but the row must not wait for a reader."""
    rename(rows.pk)
    away.mode = "pass"
    until(lambda: not Outbox.objects.exists())


def test_a_forked_process_closes_the_breaker_that_it_inherited(rows, away, child):
    process = child(away.url)
    process.ask("rename", rows.pk, "new")
    assert process.ask("title", rows.pk) == ["new", "BYPASS"]
    assert process.ask("fork") == "forked"
    assert process.ask("breaker") == "open"
    away.mode = "pass"
    until(lambda: process.ask("breaker") == "closed")
    assert process.ask("title", rows.pk) == ["new", "MISS"]


def test_a_fence_that_was_lost_before_its_commit_and_cannot_be_lifted_is_made_good(
    rows, proxy, interleaving, cache_redis
):
    """Redis loses its data during a COMMIT; a reader stores; Redis is unavailable for the lift."""
    writer = interleaving.actor(lambda: rename(rows.pk))
    writer.run_to("COMMIT")
    cache_redis.flushdb()
    until(lambda: book_detail.get(pk=rows.pk).x_cache == "HIT")
    assert title(rows.pk) == "old"
    writer.run_to("lift")
    proxy.mode = "refuse"
    writer.finish()
    assert title(rows.pk) == "new"
    proxy.mode = "pass"
    until(lambda: book_detail.get(pk=rows.pk).x_cache == "HIT")
    assert title(rows.pk) == "new"


def test_a_commit_of_unknown_outcome_drains_what_it_recorded(rows, away):
    with lost_answer(), transaction.atomic():
        rename(rows.pk)
    away.mode = "pass"
    until(lambda: not Outbox.objects.exists())
    assert title(rows.pk) == "new"


def test_another_url_is_another_gateway(rows, away):
    with cache_at(f"redis://127.0.0.1:{away.target}/1"):
        assert book_detail.get(pk=rows.pk).x_cache == "HIT"


def test_an_outbox_that_another_search_path_hides_fails_the_write(rows, away):
    with pytest.raises(Exception, match="caching_outbox"), transaction.atomic():
        Mute.objects.create(name="never")
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL search_path TO pg_catalog")
    assert not Mute.objects.exists()
