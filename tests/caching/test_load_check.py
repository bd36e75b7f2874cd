"""The check that a load reads only tables that its declaration names (read/load_check.py)."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from caching import ALL, Cached
from caching.errors import UndeclaredTable
from caching.testing import check_now
from tests.caching.testapp.models import Book, Label, Mute, Shelf


def query(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else []


def thing(declare, load, **invalidated_by):
    return declare(Cached, "v1:odd", load=load, invalidated_by=invalidated_by or {Mute: ALL})


def titles():
    return list(Book.objects.values_list("title", flat=True))


def test_declared_table_may_be_read(declare):
    assert declare(Cached, "v1:odd", load=titles, invalidated_by={Book: ALL}).get().value


@pytest.mark.parametrize("opened", [False, True], ids=["no transaction", "in a transaction"])
def test_undeclared_table_is_an_error_with_the_line_to_write(declare, opened):
    odd = thing(declare, titles)
    assert check_now()
    if not opened:
        with pytest.raises(UndeclaredTable, match=r"v1:odd.*shelf_book.*Add to invalidated_by: Book: ALL"):
            odd.get()
        return
    with transaction.atomic():
        titles()
        with pytest.raises(UndeclaredTable, match="shelf_book"):
            odd.get()


def test_joined_table_is_an_error(declare):
    odd = declare(
        Cached,
        "v1:odd",
        invalidated_by={Book: ALL},
        load=lambda: list(Book.objects.filter(shelf__name="upper").values_list("title", flat=True)),
    )
    with pytest.raises(UndeclaredTable, match="Shelf: ALL"):
        odd.get()


def test_table_without_a_model_is_named_in_quotes(declare):
    query("CREATE TABLE plain (id int)")
    try:
        with pytest.raises(UndeclaredTable, match="'plain': ALL"):
            thing(declare, lambda: query("SELECT id FROM plain")).get()
    finally:
        query("DROP TABLE plain")


def test_lagging_table_may_be_read(declare):
    odd = declare(
        Cached,
        "v1:odd",
        load=lambda: [titles(), Shelf.objects.count()],
        invalidated_by={Book: ALL},
        lags={Shelf: ALL},
    )
    assert odd.get().value[1] == 2


def test_load_that_reads_another_declaration_must_name_its_tables_too(declare):
    inner = declare(Cached, "v1:inner", load=titles, invalidated_by={Book: ALL})
    odd = declare(Cached, "v1:odd", load=lambda: inner.get().value, invalidated_by={Mute: ALL})
    with pytest.raises(UndeclaredTable, match="shelf_book"):
        odd.get()


def test_error_stores_nothing(declare, cache_redis):
    odd = thing(declare, titles)
    with pytest.raises(UndeclaredTable):
        odd.get()
    assert not cache_redis.exists(":1:v1:odd")


def test_nothing_is_checked_where_the_settings_say_so(declare, settings):
    settings.CACHING = {**settings.CACHING, "CHECK_LOADS": False}
    assert thing(declare, titles).get().value
    assert Label.objects.count() == 0
