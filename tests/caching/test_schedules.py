"""Schedules that make a naive strategy stale, but not our cache."""

from __future__ import annotations

import contextlib

import psycopg2
import pytest
from django.db import connection, transaction

from caching.testing import check_now
from tests.caching.conftest import strategies
from tests.caching.losses import lost_answer
from tests.caching.testapp.cache import book_detail, load_book
from tests.caching.testapp.models import Book
from tests.caching.testapp.writes import rename

REPEATABLE_READ = psycopg2.extensions.ISOLATION_LEVEL_REPEATABLE_READ


@strategies("post_save", "on_commit", "get_or_set")
def test_a_fill_that_comes_after_the_write_is_refused(rows, interleaving, strategy, stale):
    """A reader misses and reads; a writer commits and invalidates; the reader tries to store."""
    reader = interleaving.actor(lambda: strategy.title(rows.pk))
    reader.run_to("SELECT done")
    rename(rows.pk)
    assert reader.finish() == "old"
    assert (strategy.title(rows.pk) == "old") is stale


@strategies("post_save", "on_commit", "get_or_set")
def test_a_late_fill_of_a_list_is_refused(rows, interleaving, strategy, stale):
    reader = interleaving.actor(strategy.titles)
    reader.run_to("SELECT done")
    rename(rows.pk)
    assert reader.finish() == ["old", "sequel", "third"]
    assert (strategy.titles()[0] == "old") is stale


@strategies("post_save")
@pytest.mark.parametrize("warm", [False, True], ids=["cold", "warm"])
def test_a_refill_before_the_commit_does_not_stay(rows, interleaving, strategy, stale, warm):
    """The delete precedes the commit, and a reader stores what is still committed."""
    if warm:
        strategy.title(rows.pk)
    writer = interleaving.actor(lambda: transaction.atomic(rename)(rows.pk))
    writer.run_to("COMMIT")
    assert strategy.title(rows.pk) == "old"
    writer.finish()
    assert (strategy.title(rows.pk) == "old") is stale


@strategies("post_save", "on_commit", "get_or_set")
def test_what_a_rolled_back_transaction_read_is_not_stored(rows, strategy, stale):
    with transaction.atomic():
        rename(rows.pk, "uncommitted")
        assert strategy.title(rows.pk) == "uncommitted"
        transaction.set_rollback(True)
    assert (strategy.title(rows.pk) == "uncommitted") is stale


@strategies("on_commit", "get_or_set")
def test_an_earlier_callback_that_raises_drops_no_invalidation(rows, strategy, stale):
    strategy.title(rows.pk)
    with contextlib.suppress(ZeroDivisionError), transaction.atomic():
        transaction.on_commit(lambda: 1 / 0)
        rename(rows.pk)
    assert (strategy.title(rows.pk) == "old") is stale


@strategies("on_commit", "get_or_set")
def test_a_commit_whose_answer_is_lost_leaves_nothing_stale(rows, strategy, stale):
    """The server commits, the client gets an error, and Django runs no callback."""
    strategy.title(rows.pk)
    with lost_answer(), transaction.atomic():
        rename(rows.pk)
    assert Book.objects.get(pk=rows.pk).title == "new"
    assert (strategy.title(rows.pk) == "old") is stale


def test_while_the_outcome_of_a_commit_is_unknown_readers_read_the_database(rows):
    with lost_answer(), transaction.atomic():
        rename(rows.pk)
    assert book_detail.get(pk=rows.pk).detail == "fwd=bypass; detail=fence"


# --- An older snapshot -------------------------------------------------------------------------


def _set_transaction():
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


def _set_local():
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL transaction_isolation TO 'repeatable read'")


def _by_set_config():
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, false)", ["default_transaction_isolation", "serializable"])


def _nothing():
    pass


def _by_attribute():
    connection.ensure_connection()
    connection.connection.isolation_level = REPEATABLE_READ


def _by_characteristics():
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ")


def _by_server_default():
    """Set the isolation without Django, as ALTER ROLE or postgresql.conf do."""
    connection.ensure_connection()
    with connection.connection.cursor() as cursor:
        cursor.execute("SET default_transaction_isolation TO 'repeatable read'")


ISOLATIONS = {
    "set_transaction": (_nothing, _set_transaction),
    "set_local": (_nothing, _set_local),
    "set_config": (_by_set_config, _nothing),
    "attribute": (_by_attribute, _nothing),
    "characteristics": (_by_characteristics, _nothing),
    "server_default": (_by_server_default, _nothing),
}


@strategies("post_save", "on_commit", "get_or_set")
@pytest.mark.parametrize("how", ISOLATIONS)
def test_an_older_snapshot_is_not_stored(rows, interleaving, strategy, stale, how):
    """A reader takes a snapshot; a writer commits; the reader misses and tries to store its snapshot."""
    before, inside = ISOLATIONS[how]

    def read_in_an_old_snapshot():
        before()
        with transaction.atomic():
            inside()
            load_book(rows.pk)
            return strategy.title(rows.pk)

    reader = interleaving.actor(read_in_an_old_snapshot)
    reader.run_to("SELECT done")
    rename(rows.pk)
    assert reader.finish() == "old"
    assert (strategy.title(rows.pk) == "old") is stale


def test_read_committed_transactions_share_the_cache(rows):
    assert check_now()  # inside a transaction no reader waits for a check
    with transaction.atomic():
        assert book_detail.get(pk=rows.pk).x_cache == "MISS"
        assert book_detail.get(pk=rows.pk).x_cache == "HIT"
    assert book_detail.get(pk=rows.pk).x_cache == "HIT"
