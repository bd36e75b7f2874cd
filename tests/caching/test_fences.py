"""Fences whose commit has not lifted them (recovery/fences.py)."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from caching.gateway import get_gateway
from caching.keys import value_target
from caching.recovery.fences import fence_token, lift_overdue
from caching.recovery.session import Session
from caching.testing import timing
from tests.caching.testapp.cache import book_detail
from tests.caching.testapp.models import Mute
from tests.caching.testapp.writes import rename
from tests.support.waiting import until

TARGET = value_target(":1:odd")


@pytest.fixture
def session(transactional_db):
    made = Session("default")
    yield made
    made.close()


def transaction_id():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text")
        return cursor.fetchone()[0]


def fence(transaction_id, *, overdue):
    with timing(overdue=-1 if overdue else 10):
        get_gateway().fence([TARGET], fence_token("default", transaction_id))


def lift(session):
    return lift_overdue([TARGET], {"default": session}, get_gateway().run)


def test_tokens_name_alias_and_transaction_and_differ():
    token = fence_token("default", "123")
    assert token.split(":")[:2] == ["default", "123"]
    assert token != fence_token("default", "123")


def test_fence_that_is_not_overdue_is_left(session):
    fence(transaction_id(), overdue=False)
    assert lift(session) == 0


@pytest.mark.parametrize("ends", ["commits", "is rolled back"])
def test_overdue_fence_is_lifted_when_its_transaction_is_over_and_not_before(session, cache_redis, ends):
    with transaction.atomic():
        Mute.objects.create(name="a")
        fence(transaction_id(), overdue=True)
        assert lift(session) == 0
        assert cache_redis.exists(TARGET.fence_key)
        if ends == "is rolled back":
            transaction.set_rollback(True)
    assert lift(session) == 1
    assert not cache_redis.exists(TARGET.fence_key)


def test_fences_of_several_commits_are_lifted_each_for_itself(session, cache_redis):
    with transaction.atomic():
        over = transaction_id()
    with transaction.atomic():
        fence(over, overdue=True)
        fence(transaction_id(), overdue=True)
        assert lift(session) == 1
        assert cache_redis.zcard(TARGET.fence_key) == 1


@pytest.mark.parametrize("name", ["", "4611686018427387904"])
def test_fence_of_a_transaction_that_the_database_does_not_know_is_lifted(session, name):
    """It has written to no declared table, or the database was restored to a moment before it."""
    fence(name, overdue=True)
    assert lift(session) == 1


def test_fence_of_an_alias_that_is_gone_is_lifted(session):
    with timing(overdue=-1):
        get_gateway().fence([TARGET], fence_token("former", "1"))
    assert lift(session) == 1


def test_reader_that_finds_an_overdue_fence_has_it_examined(rows, cache_redis):
    with timing(overdue=-1):
        get_gateway().fence([book_detail._target({"pk": rows.pk})], fence_token("default", ""))
    assert book_detail.get(pk=rows.pk).detail == "fwd=bypass; detail=fence"
    until(lambda: book_detail.get(pk=rows.pk).x_cache == "HIT")
    rename(rows.pk)
    assert book_detail.get(pk=rows.pk).value["title"] == "new"
