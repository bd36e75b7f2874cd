"""What an operator sees and does with ``manage.py cache``."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from caching import metrics
from caching.gateway import get_gateway
from caching.postgresql import triggers
from tests.caching.conftest import one_server
from tests.caching.testapp.cache import book_detail, shelf_detail


@pytest.fixture(autouse=True)
def _no_counts_of_other_tests():
    metrics.flush()
    get_gateway().commands(("DEL", metrics.KEY))


def cache(*words):
    out = io.StringIO()
    call_command("cache", *words, stdout=out)
    return out.getvalue()


def test_status_tells_the_hit_rate_and_the_outbox(rows):
    for _ in range(4):
        book_detail.get(pk=rows.pk)
    shown = cache("status")
    assert "0 rows in the outbox" in shown
    assert "v1:books:detail:{pk}: 75.0% of 4 reads" in shown
    assert "MISSING" not in shown


def test_status_names_what_has_lost_its_triggers(rows):
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER caching_update ON shelf_label")
    try:
        assert "labels:{pk}: not read yet; ITS TRIGGERS ARE MISSING" in cache("status")
        assert "shelf_label" in cache("triggers")
        assert "MISSING" not in cache("status")
    finally:
        triggers.install("default")


def test_clear_invalidates_one_thing_or_everything(rows):
    def reads():
        return [
            thing.get(pk=pk).x_cache for thing, pk in ((book_detail, rows.pk), (shelf_detail, rows.upper.pk))
        ]

    reads()
    assert reads() == ["HIT", "HIT"]
    cache("clear", "v1:books:detail:{pk}")
    assert reads() == ["MISS", "HIT"]
    cache("clear")
    assert reads() == ["MISS", "MISS"]


def test_clear_of_what_is_not_declared_says_what_is():
    with pytest.raises(CommandError, match=r"v1:book is not declared.*v1:books:detail"):
        cache("clear", "v1:book")


def test_audit_finds_a_value_that_differs(rows, cache_redis):
    book_detail.get(pk=rows.pk)
    assert "1 values are as in the database" in cache("audit")
    key = book_detail._target({"pk": rows.pk}).key
    cache_redis.set(key, b'{"title":"made up"}', keepttl=True)
    with pytest.raises(CommandError, match=rf"v1:books:detail:\{{pk\}} \{{'pk': {rows.pk}\}}"):
        cache("audit")


@one_server
def test_command_fails_in_one_line_while_redis_is_away(proxy):
    proxy.mode = "refuse"
    with pytest.raises(CommandError):
        cache("status")
    assert not get_gateway().watch.trust.uncovered
