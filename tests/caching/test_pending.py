"""The pending invalidations of one connection (write/pending.py)."""

from __future__ import annotations

import contextlib

import pytest
from django.db import connection, transaction

from caching.testing import check_now
from caching.write.pending import any_in_transaction, must_bypass, pending
from tests.caching.testapp.cache import book_detail, mute_names
from tests.caching.testapp.models import Book, Mute
from tests.caching.testapp.writes import rename


def target_of(rows):
    return {target.key for target in pending().targets(lock=False)}


def test_nothing_is_pending_before_a_write_and_after_its_commit(rows):
    assert not pending()
    with transaction.atomic():
        assert not pending()
        Mute.objects.create(name="a")
        assert pending()
    assert not pending()


def test_rollback_takes_everything_away(rows):
    with transaction.atomic():
        rename(rows.pk)
        assert target_of(rows)
        transaction.set_rollback(True)
    assert not pending()


def test_savepoint_that_is_rolled_back_takes_nothing_away(rows):
    """To invalidate too much is safe."""
    with transaction.atomic():
        with contextlib.suppress(ZeroDivisionError), transaction.atomic():
            rename(rows.pk)
            1 / 0  # noqa: B018
        assert pending()


def test_connection_that_is_closed_takes_everything_away(rows):
    transaction.set_autocommit(False)
    Mute.objects.create(name="a")
    assert pending()
    connection.close()
    assert not pending()


def test_reads_bypass_on_the_connection_that_has_written_and_on_no_other(rows, interleaving):
    assert check_now()
    with transaction.atomic():
        assert not must_bypass()
        Mute.objects.create(name="a")
        assert must_bypass()
        assert book_detail.get(pk=rows.pk).detail == "fwd=bypass; detail=transaction"
        assert interleaving.actor(lambda: book_detail.get(pk=rows.pk).x_cache).finish() == "MISS"
    assert not must_bypass()


def test_reads_in_a_transaction_that_wrote_what_nothing_depends_on_store_nothing(rows, cache_redis):
    """No trigger reports it, but the server shows that the transaction has written."""
    assert check_now()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("CREATE TEMPORARY TABLE own (id int) ON COMMIT DROP")
            cursor.execute("INSERT INTO own VALUES (1)")
        assert book_detail.get(pk=rows.pk).x_cache == "BYPASS"
    assert not cache_redis.exists(f":1:v1:books:detail:{rows.pk}")


def test_transaction_is_open_in_a_block_and_with_autocommit_off(rows):
    assert not any_in_transaction()
    with transaction.atomic():
        assert any_in_transaction()
    transaction.set_autocommit(False)
    assert any_in_transaction()
    transaction.set_autocommit(True)
    assert not any_in_transaction()


def test_block_of_a_testcase_is_no_transaction(db):
    assert connection.in_atomic_block
    assert not any_in_transaction()
    with transaction.atomic():
        assert any_in_transaction()


def test_invalidate_outside_a_transaction_is_carried_out_at_once(rows):
    book_detail.get(pk=rows.pk)
    assert book_detail.get(pk=rows.pk).x_cache == "HIT"
    book_detail.invalidate(pk=rows.pk)
    assert book_detail.get(pk=rows.pk).x_cache == "MISS"
    mute_names.get()
    mute_names.invalidate_all()
    assert mute_names.get().x_cache == "MISS"


def test_group_takes_the_place_of_its_single_values(rows):
    with transaction.atomic():
        book_detail.invalidate(pk=1)
        book_detail.invalidate_all()
        assert pending().targets(lock=False) == {book_detail.group}


def test_keys_that_cannot_be_are_refused_before_anything_is_pending(rows):
    with transaction.atomic():
        with pytest.raises(ValueError, match="a:b"):
            book_detail.invalidate(pk="a:b")
        assert not pending()


def test_load_sees_one_state_and_may_not_write(rows):
    with pending().snapshot():
        assert pending().in_transaction()
        assert must_bypass()
        with pytest.raises(Exception, match="read-only transaction"):
            Book.objects.update(title="never")
    assert not must_bypass()
