"""Every way to write: whatever was cached before, each read afterwards returns the rows of the database."""

from __future__ import annotations

import contextlib
import io

import psycopg2.extras
import pytest
from django.contrib.auth import get_user_model
from django.core import serializers
from django.db import connection, transaction
from psycopg2 import sql

from tests.caching.strategies import STRATEGIES
from tests.caching.testapp.models import Book, Ebook, Loose, Mute, Paperback, Shelf
from tests.caching.views import cached, stored


def execute(statement, params=None):
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


def save(rows):
    rows.book.title = "new"
    rows.book.save()


def save_some_fields(rows):
    rows.book.title = "new"
    rows.book.save(update_fields=["title"])


def create(rows):
    Book.objects.create(title="new", shelf=rows.lower)


def update_or_create(rows):
    Book.objects.update_or_create(pk=rows.pk, defaults={"title": "new", "shelf": rows.lower})


def get_or_create(rows):
    rows.upper.books.get_or_create(title="new")


def save_a_locked_row(rows):
    with transaction.atomic():
        book = Book.objects.select_for_update().get(pk=rows.pk)
        book.title = "new"
        book.save()


def save_through_the_proxy(rows):
    book = Paperback.objects.get(pk=rows.pk)
    book.title = "new"
    book.save()


def delete_through_the_proxy(rows):
    Paperback.objects.get(pk=rows.pk).delete()


def create_a_child(rows):
    Ebook.objects.create(title="new", shelf=rows.lower)


def save_as_a_child(rows):
    ebook = Ebook(book_ptr=rows.book)
    ebook.__dict__.update({k: v for k, v in rows.book.__dict__.items() if not k.startswith("_")})
    ebook.title = "new"
    ebook.save()


def update_through_the_child(rows):
    Ebook(book_ptr=rows.book).save_base(raw=True)
    Ebook.objects.filter(pk=rows.pk).update(title="new")


def delete_the_child(rows):
    Ebook(book_ptr=rows.book).save_base(raw=True)
    Ebook.objects.get(pk=rows.pk).delete()


def loaddata(rows):
    rows.book.title = "new"
    [book] = serializers.deserialize("json", serializers.serialize("json", [rows.book]))
    book.save()


def loaddata_in_a_transaction(rows):
    with transaction.atomic():
        loaddata(rows)


# --- Without a signal of the model's own --------------------------------------------------------


def update(rows):
    Book.objects.filter(pk=rows.pk).update(title="new")


def update_of_a_plain_manager(rows):
    Book._base_manager.filter(pk=rows.pk).update(title="new")


def bulk_create(rows):
    Book.objects.bulk_create([Book(title="new", shelf=rows.lower)])


def bulk_create_in_place_of(rows):
    Book.objects.bulk_create(
        [Book(pk=rows.pk, title="new", shelf=rows.lower)],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["title", "shelf"],
    )


def bulk_create_ignoring(rows):
    Book.objects.bulk_create([Book(pk=rows.pk), Book(title="new", shelf=rows.lower)], None, True)


def bulk_update(rows):
    rows.book.title = rows.third.title = "new"
    Book.objects.bulk_update([rows.book, rows.third], ["title"])


def queryset_delete(rows):
    Book.objects.filter(pk=rows.pk).delete()


def raw_delete(rows):
    queryset = Book.objects.filter(pk=rows.third.pk)
    queryset._raw_delete(queryset.db)


# --- Relations -------------------------------------------------------------------------------------


def delete_a_predecessor(rows):
    rows.book.delete()


def delete_a_shelf(rows):
    rows.upper.delete()


def delete_shelves(rows):
    Shelf.objects.all().delete()


def move_by_save(rows):
    rows.book.shelf = rows.lower
    rows.book.save()


def move_by_update(rows):
    Book.objects.filter(pk=rows.pk).update(shelf=rows.lower)


def move_by_bulk_update(rows):
    rows.book.shelf = rows.lower
    Book.objects.bulk_update([rows.book], ["shelf"])


def move_by_raw_sql(rows):
    execute("UPDATE shelf_book SET shelf_id = %s WHERE id = %s", [rows.lower.pk, rows.pk])


def move_by_the_reverse_relation(rows):
    rows.lower.books.add(rows.book)


def take_off_the_shelf(rows):
    rows.upper.books.remove(rows.book)


def clear_the_shelf(rows):
    rows.upper.books.clear()


def set_the_shelf(rows):
    rows.lower.books.set([rows.book, rows.third])


def delete_what_was_moved_elsewhere(rows):
    """The instance still has the shelf from which the row was moved."""
    Book.objects.filter(pk=rows.pk).update(shelf=rows.lower)
    cached(rows)
    rows.book.delete()


def m2m_add(rows):
    rows.book.readers.add(rows.bob)


def m2m_remove(rows):
    rows.book.readers.remove(rows.ann)


def m2m_set(rows):
    rows.book.readers.set([rows.bob])


def m2m_clear(rows):
    rows.book.readers.clear()


def m2m_reverse_add(rows):
    rows.bob.books.add(rows.book, rows.third)


def m2m_reverse_remove(rows):
    rows.ann.books.remove(rows.book)


def m2m_reverse_set(rows):
    rows.ann.books.set([rows.third])


def m2m_reverse_clear(rows):
    rows.ann.books.clear()


def m2m_through(rows):
    Book.readers.through.objects.create(book_id=rows.third.pk, user_id=rows.bob.pk)


def m2m_through_bulk(rows):
    Book.readers.through.objects.bulk_create([Book.readers.through(book=rows.third, user=rows.bob)])


def delete_a_reader(rows):
    get_user_model().objects.get(pk=rows.ann.pk).delete()


def loose(rows):
    Loose.objects.create(name="new")


def mute(rows):
    Mute.objects.create(name="new")


def mute_update(rows):
    Mute.objects.create(name="old")
    cached(rows)
    Mute.objects.update(name="new")


# --- Raw SQL -----------------------------------------------------------------------------------------


def raw(statement):
    return pytest.param(
        lambda rows: execute(statement.format(pk=rows.pk)), id=" ".join(statement.split())[:60]
    )


RAW = [
    raw("UPDATE shelf_book SET title = 'new' WHERE id = {pk}"),
    raw("update shelf_book set title = 'new' where id = {pk}"),
    raw("UPDATE SHELF_BOOK SET TITLE = 'new' WHERE ID = {pk}"),
    raw('UPDATE "shelf_book" SET title = \'new\' WHERE id = {pk}'),
    raw('UPDATE"shelf_book"SET title = \'new\' WHERE id = {pk}'),
    raw("UPDATE public.shelf_book SET title = 'new' WHERE id = {pk}"),
    raw('UPDATE "public"."shelf_book" AS b SET title = \'new\' WHERE b.id = {pk}'),
    raw("UPDATE Public . Shelf_Book SET title = 'new' WHERE id = {pk}"),
    raw("UPDATE ONLY shelf_book SET title = 'new' WHERE id = {pk}"),
    raw("UPDATE ONLY (shelf_book) SET title = 'new' WHERE id = {pk}"),
    raw("UPDATE /* by hand */ shelf_book SET title = 'new' WHERE id = {pk}"),
    raw("UPDATE -- by hand\n shelf_book SET title = 'new' WHERE id = {pk}"),
    raw("SELECT '--'; UPDATE/**/shelf_book SET title = 'new' WHERE id = {pk}"),
    raw("WITH w AS (UPDATE shelf_book SET title = 'new' WHERE id = {pk} RETURNING id) SELECT * FROM w"),
    raw("WITH w AS (SELECT {pk} AS id) UPDATE shelf_book b SET title = 'new' FROM w WHERE w.id = b.id"),
    raw("INSERT INTO shelf_book (title, shelf_id) SELECT 'new', shelf_id FROM shelf_book WHERE id = {pk}"),
    raw("INSERT INTO shelf_book (title) VALUES ('new')"),
    raw("INSERT INTO shelf_book (id, title) VALUES ({pk}, '') ON CONFLICT (id) DO UPDATE SET title = 'new'"),
    raw(
        "MERGE INTO shelf_book b USING (SELECT {pk} AS id) s ON b.id = s.id"
        " WHEN MATCHED THEN UPDATE SET title = 'new'"
    ),
    raw("MERGE INTO shelf_book b USING (SELECT 0 AS id) s ON b.id = s.id"
        " WHEN NOT MATCHED THEN INSERT (title) VALUES ('new')"),
    raw("DELETE FROM shelf_book_readers"),
    raw("DELETE FROM ONLY shelf_book_readers USING shelf_book"),
    raw("TRUNCATE shelf_book_readers"),
    raw("TRUNCATE TABLE ONLY shelf_book_readers"),
    raw("truncate shelf_mute, shelf_ebook, shelf_book_readers, shelf_book"),
    raw("TRUNCATE ONLY shelf_mute, ONLY shelf_ebook, ONLY shelf_book_readers, ONLY shelf_book"),
    raw("TRUNCATE shelf_shelf CASCADE"),
    raw("TRUNCATE shelf_shelf RESTART IDENTITY CASCADE"),
    raw("DO $$ BEGIN UPDATE shelf_book SET title = 'new' WHERE id = {pk}; END $$"),
    raw("ALTER TABLE shelf_book ALTER COLUMN title TYPE varchar(50) USING 'new'"),
    raw("EXPLAIN ANALYZE UPDATE shelf_book SET title = 'new' WHERE id = {pk}"),
    raw("SELECT 1; UPDATE shelf_book SET title = 'new' WHERE id = {pk}"),
]  # fmt: skip


def executemany(rows):
    with connection.cursor() as cursor:
        cursor.executemany("UPDATE shelf_book SET title = %s WHERE id = %s", [("new", rows.pk)] * 2)


def execute_values(rows):
    with connection.cursor() as cursor:
        psycopg2.extras.execute_values(
            cursor, "INSERT INTO shelf_book (title) VALUES %s", [("new",), ("newer",)]
        )


def execute_batch(rows):
    with connection.cursor() as cursor:
        arguments = [("new", rows.pk)]
        psycopg2.extras.execute_batch(cursor, "UPDATE shelf_book SET title = %s WHERE id = %s", arguments)


def execute_composed(rows):
    table = sql.Identifier("shelf_book")
    execute(sql.SQL("UPDATE {} SET title = %s WHERE id = %s").format(table), ["new", rows.pk])


def execute_bytes(rows):
    execute(b"UPDATE shelf_book SET title = 'new' WHERE id = %s", [rows.pk])


def copy_expert(rows):
    with connection.cursor() as cursor:
        cursor.copy_expert("COPY shelf_book (title) FROM STDIN", io.StringIO("new\n"))


def copy_from(rows):
    with connection.cursor() as cursor:
        cursor.copy_from(io.StringIO("new\n"), "shelf_book", columns=["title"])


def named_cursor(rows):
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute("SELECT 1")
        execute("UPDATE shelf_book SET title = 'new' WHERE id = %s", [rows.pk])


def prepared(rows):
    """The text that runs does not name the table."""
    execute("PREPARE rename AS UPDATE shelf_book SET title = 'new' WHERE id = $1")
    cached(rows)
    execute("EXECUTE rename(%s)", [rows.pk])
    execute("DEALLOCATE rename")


def procedure(rows):
    execute("CREATE PROCEDURE rename() LANGUAGE sql AS $$ UPDATE shelf_book SET title = 'new' $$")
    cached(rows)
    execute("CALL rename()")
    execute("DROP PROCEDURE rename")


# --- Transactions by hand ----------------------------------------------------------------------------


def autocommit_off(rows):
    transaction.set_autocommit(False)
    try:
        save(rows)
        Mute.objects.create(name="new")
        transaction.commit()
    finally:
        transaction.rollback()
        transaction.set_autocommit(True)


def autocommit_off_raw(rows):
    transaction.set_autocommit(False)
    try:
        execute("UPDATE shelf_book SET title = 'new' WHERE id = %s", [rows.pk])
        transaction.commit()
    finally:
        transaction.set_autocommit(True)


def durable(rows):
    with transaction.atomic(durable=True):
        save(rows)


def savepoint_rolled_back(rows):
    with transaction.atomic():
        save(rows)
        with contextlib.suppress(ZeroDivisionError), transaction.atomic():
            Book.objects.filter(pk=rows.third.pk).update(title="never")
            1 / 0  # noqa: B018


def savepoints_by_hand(rows):
    with transaction.atomic():
        sid = transaction.savepoint()
        Book.objects.filter(pk=rows.third.pk).update(title="never")
        transaction.savepoint_rollback(sid)
        sid = transaction.savepoint()
        save(rows)
        transaction.savepoint_commit(sid)


def commit_by_hand(rows):
    with transaction.atomic():
        save(rows)
        execute("COMMIT")


def many_rows(rows):
    with transaction.atomic():
        for number in range(510):
            Book(pk=1_000_000 + number, title=str(number), shelf=rows.lower).save(force_insert=True)
        save(rows)


def many_rows_at_once(rows):
    Book.objects.bulk_create([Book(title=str(number), shelf=rows.lower) for number in range(510)])
    cached(rows)
    Book.objects.update(title="new")


BY_NAME = [
    save, save_some_fields, create, update_or_create, get_or_create, save_a_locked_row,
    save_through_the_proxy, delete_through_the_proxy, create_a_child, save_as_a_child,
    update_through_the_child, delete_the_child, loaddata, loaddata_in_a_transaction,
    update, update_of_a_plain_manager, bulk_create, bulk_create_in_place_of, bulk_create_ignoring,
    bulk_update, queryset_delete, raw_delete,
    delete_a_predecessor, delete_a_shelf, delete_shelves, move_by_save, move_by_update,
    move_by_bulk_update, move_by_raw_sql, move_by_the_reverse_relation, take_off_the_shelf,
    clear_the_shelf, set_the_shelf, delete_what_was_moved_elsewhere,
    m2m_add, m2m_remove, m2m_set, m2m_clear, m2m_reverse_add, m2m_reverse_remove, m2m_reverse_set,
    m2m_reverse_clear, m2m_through, m2m_through_bulk, delete_a_reader, loose, mute, mute_update,
    executemany, execute_values, execute_batch, execute_composed, execute_bytes, copy_expert, copy_from,
    named_cursor, prepared, procedure,
]  # fmt: skip
TRANSACTIONS = [
    autocommit_off, autocommit_off_raw, durable, savepoint_rolled_back, savepoints_by_hand,
    commit_by_hand, many_rows, many_rows_at_once,
]  # fmt: skip


def in_a_transaction(write, rows):
    with transaction.atomic():
        write(rows)


def check(rows, write):
    before = stored(rows)
    assert cached(rows) == before
    write(rows)
    after = stored(rows)
    assert after != before, "the write changed nothing that is cached: it proves nothing"
    assert cached(rows) == after
    assert cached(rows) == after, "what the first reads stored"


@pytest.mark.parametrize("write", [*BY_NAME, *RAW, *TRANSACTIONS])
def test_in_autocommit(rows, write):
    check(rows, write)


@pytest.mark.parametrize("write", [*BY_NAME, *RAW])
def test_in_a_transaction(rows, write):
    check(rows, lambda rows: in_a_transaction(write, rows))


SILENT = [update, bulk_update, bulk_create, move_by_raw_sql, raw_delete, executemany, copy_expert, *RAW[:1]]


@pytest.mark.parametrize("name", ["post_save", "on_commit", "get_or_set"])
@pytest.mark.parametrize("write", [w for w in SILENT if w is not move_by_raw_sql])
def test_naive_designs_do_not_notice(rows, write, name):
    """Otherwise the writes above would prove nothing."""
    strategy = STRATEGIES[name]()
    with strategy.installed():
        before = strategy.titles(), strategy.title(rows.pk)
        write(rows)
        assert (strategy.titles(), strategy.title(rows.pk)) == before
        titles = list(Book.objects.order_by("pk").values_list("title", flat=True))
        assert titles != before[0]
