"""The command ``manage.py cache``."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from caching import ALL, Cached, CachedFamily, metrics
from caching.gateway import get_gateway
from caching.models import Outbox
from caching.postgresql import triggers
from caching.testing import own_declarations, replaced
from tests.caching.conftest import one_server
from tests.caching.testapp.cache import book_detail, book_pages, shelf_detail
from tests.caching.testapp.models import Book, Shelf


@pytest.fixture(autouse=True)
def _no_counts_of_other_tests():
    metrics.flush()
    get_gateway().commands(("DEL", metrics.KEY))


def cache(*words):
    out = io.StringIO()
    call_command("cache", *words, stdout=out)
    return out.getvalue()


def test_status_shows_the_hit_rate_and_the_outbox(rows):
    for _ in range(4):
        book_detail.get(pk=rows.pk)
    shown = cache("status")
    assert "0 rows in the outbox" in shown
    assert "v1:books:detail:{pk}: 75.0% of 4 reads, 1 keys" in shown
    assert "MISSING" not in shown


def test_status_names_what_has_lost_its_triggers(rows):
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER caching_update ON shelf_label")
    try:
        assert "labels:{pk}: not read yet, 0 keys; ITS TRIGGERS ARE MISSING" in cache("status")
        assert "shelf_label" in cache("triggers")
        assert "MISSING" not in cache("status")
    finally:
        triggers.install("default")


def test_clear_invalidates_one_declaration_or_all(rows):
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


def test_audit_finds_a_value_of_a_family_that_differs(rows, cache_redis):
    for shelf in (None, rows.upper.pk):
        book_pages.get(shelf=shelf)
    assert "2 values are as in the database" in cache("audit")
    field = f"shelf={rows.upper.pk}"
    cache_redis.hset(book_pages.group.key, field, b'{"count":7,"titles":["old","sequel","third"]}')
    with pytest.raises(CommandError, match=r"v1:books:list \{'shelf': \d+\}: count$"):
        cache("audit")


def test_audit_finds_a_value_whose_row_is_gone(rows):
    with own_declarations():
        gone = Cached(
            "gone:{pk}", ttl=60, load=lambda pk: Book.objects.get(pk=pk).title, invalidated_by={Book: "pk"}
        )
        triggers.install("default")
        with replaced("report", lambda notice: None):  # as if a change were not reported
            made = Book.objects.create(title="made")
            gone.get(pk=made.pk)
            made.delete()
        with pytest.raises(CommandError, match=r"gone:\{pk\} .* its load raises DoesNotExist"):
            cache("audit")


def test_audit_stores_nothing_and_passes_over_what_is_gone(rows):
    book_detail.get(pk=rows.pk)
    kept = book_detail.stored

    def stored():
        yield from kept()
        book_detail.invalidate_all()
        yield {"pk": rows.third.pk}

    book_detail.stored = stored
    try:
        assert "1 values are as in the database" in cache("audit")
        assert [each["pk"] for each in kept()] == [rows.pk]  # whose generation is gone
        assert book_detail.peek(pk=rows.pk) is None
    finally:
        del book_detail.stored


@pytest.mark.parametrize("fields", [["title"], "*"])
def test_audit_leaves_out_fields_that_may_lag(rows, fields):
    with own_declarations():
        lagging = Cached(
            "lagging:{pk}", ttl=60, load=lambda pk: {"title": Book.objects.get(pk=pk).title, "pk": pk},
            invalidated_by={Shelf: ALL}, lags={Book: fields},
        )  # fmt: skip
        triggers.install("default")
        lagging.get(pk=rows.pk)
        Book.objects.filter(pk=rows.pk).update(title="new")
        assert lagging.get(pk=rows.pk).value["title"] == "old"
        assert "1 values are as in the database" in cache("audit")


def test_audit_says_what_it_could_not_compare(rows):
    with own_declarations():
        summed = CachedFamily(
            "summed",
            ttl=60,
            load=lambda numbers: sum(numbers) + Book.objects.count(),
            invalidated_by={Book: ALL},
        )
        triggers.install("default")
        summed.get(numbers=[7, 8])  # in the key it is a text
        shown = cache("audit")
    assert "not compared: summed {'numbers': '[7, 8]'}: its load does not take these parameters" in shown
    assert "0 values are as in the database" in shown


def test_clear_leaves_nothing_to_a_reader_that_is_just_loading(rows, interleaving):
    reader = interleaving.actor(lambda: book_detail.get(pk=rows.pk))
    reader.run_to("fill")
    cache("clear")
    reader.finish()
    assert book_detail.get(pk=rows.pk).x_cache == "MISS"


def test_triggers_shows_every_table(rows):
    shown = cache("triggers")
    assert "default: nothing to change" in shown
    assert "shelf_book: as it was" in shown


def test_status_counts_the_keys(rows):
    for pk in (rows.pk, rows.third.pk):
        book_detail.get(pk=pk)
    book_pages.get()
    shown = cache("status")
    assert "v1:books:detail:{pk}: 0.0% of 2 reads, 2 keys" in shown
    assert "v1:books:list: 0.0% of 1 reads, 1 keys" in shown


@one_server
def test_status_shows_the_outbox_while_redis_is_away(proxy, rows):
    proxy.mode = "refuse"
    Book.objects.filter(pk=rows.pk).update(title="new")
    count = Outbox.objects.count()
    assert count
    out = io.StringIO()
    with pytest.raises(CommandError, match="Redis does not answer"):
        call_command("cache", "status", stdout=out)
    assert f"default: {count} rows in the outbox" in out.getvalue()
    assert "v1:books:detail:{pk}: unknown" in out.getvalue()


def test_command_prints_no_password(settings):
    secret = "only-an-operator-knows"
    settings.CACHES = {
        **settings.CACHES,
        "default": {**settings.CACHES["default"], "LOCATION": f"redis://me:{secret}@127.0.0.1:9/1"},
    }
    try:
        for words in (("status",), ("clear",), ("audit",)):
            out = io.StringIO()
            with pytest.raises(CommandError) as caught:
                call_command("cache", *words, stdout=out)
            assert secret not in f"{out.getvalue()}{caught.value}"
            assert str(caught.value)
    finally:
        get_gateway().close()


@one_server
def test_command_fails_in_one_line_while_redis_is_away(proxy):
    proxy.mode = "refuse"
    with pytest.raises(CommandError):
        cache("status")
    assert not get_gateway().watch.trust.uncovered
