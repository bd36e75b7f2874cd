"""Schedules in the shop after which no read may be stale: ``python schedules.py``.

The reader is another thread, with a connection of its own.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

os.environ["DJANGO_SETTINGS_MODULE"] = "settings"

import django

django.setup()

from django.core.cache import cache  # noqa: E402
from django.db import connection, connections, transaction  # noqa: E402
from django.db.backends.postgresql.psycopg_any import is_psycopg3  # noqa: E402
from shop.cache import product_detail, product_list, receipt  # noqa: E402
from shop.models import Product, Receipt, Stock, Tag  # noqa: E402

from caching.registry import declarations  # noqa: E402
from caching.testing import assert_independent_of_caller  # noqa: E402

DEADLINE_SECONDS = 20


def elsewhere(work):
    def run():
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result(DEADLINE_SECONDS)


def read(pk):
    return elsewhere(lambda: product_detail.get(pk=pk))


def warm(pk):
    """Store both values. On a busy machine a first read may bypass: its check was late."""
    for hit in (lambda: read(pk).x_cache == "HIT", lambda: elsewhere(product_list.get).x_cache == "HIT"):
        until(hit)


def until(condition):
    end = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < end


def reader_that_loads_while_a_writer_commits_stores_nothing(product):
    """The reader misses and reads the database; the writer commits; the reader tries to store."""
    loaded, committed = threading.Event(), threading.Event()
    original = product_detail._load

    def slow(pk):
        value = original(pk)
        loaded.set()
        assert committed.wait(DEADLINE_SECONDS)
        return value

    product_detail._load = slow
    product_detail.invalidate_all()
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(lambda: (product_detail.get(pk=product.pk), connections.close_all())[0])
        assert loaded.wait(DEADLINE_SECONDS)
        Product.objects.filter(pk=product.pk).update(name="written in between")
        product_detail._load = original
        committed.set()
        assert reading.result(DEADLINE_SECONDS).value["name"] == product.name
    assert read(product.pk).value["name"] == "written in between"


def reader_before_the_commit_does_not_spoil_what_follows(product):
    with transaction.atomic():
        Product.objects.filter(pk=product.pk).update(name="new")
        assert read(product.pk).value["name"] == product.name
    assert read(product.pk).value["name"] == "new"


def what_is_rolled_back_is_never_read(product):
    with transaction.atomic():
        Product.objects.filter(pk=product.pk).update(name="never")
        assert product_detail.get(pk=product.pk).x_cache == "BYPASS"
        transaction.set_rollback(True)
    assert read(product.pk).value["name"] == product.name


def raw_sql_bulk_and_signals_are_alike(product):
    for write in (
        lambda name: connection.cursor().execute("UPDATE shop_product SET name = %s", [name]),
        lambda name: Product.objects.bulk_update([Product(pk=product.pk, name=name)], ["name"]),
        lambda name: Product(pk=product.pk, name=name).save(),
        lambda name: connection.cursor().execute(
            f"DO $$ BEGIN EXECUTE format('UPDATE %I SET name = %L', 'shop_product', '{name}'); END $$"
        ),
    ):
        warm(product.pk)
        name = f"name {id(write)}"
        write(name)
        assert read(product.pk).value["name"] == name
        assert [each["name"] for each in elsewhere(product_list.get).value] == [name]


def both_sides_of_a_many_to_many_are_seen(product):
    red, blue = (Tag.objects.create(name=name) for name in ("red", "blue"))
    for write, expected in (
        (lambda: product.tags.add(red), ["red"]),
        (lambda: blue.products.add(product), ["red", "blue"]),
        (lambda: Tag.objects.filter(pk=red.pk).update(name="green"), ["green", "blue"]),
        (lambda: blue.products.clear(), ["green"]),
        (lambda: product.tags.clear(), []),
        (lambda: product.tags.set([blue]), ["blue"]),
        (lambda: blue.delete(), []),
    ):
        warm(product.pk)
        write()
        assert read(product.pk).value["tags"] == expected


def row_that_moves_is_seen_where_it_was_and_where_it_is(product):
    other = Product.objects.create(name="other")
    stock = Stock.objects.create(product=product, place="here", pieces=3)
    warm(product.pk)
    warm(other.pk)
    stock.product = other
    stock.save()
    assert read(product.pk).value["pieces"] == {}
    assert read(other.pk).value["pieces"] == {"here": 3}
    other.delete()


def procedure_that_commits_is_noticed(product):
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE OR REPLACE PROCEDURE rename() LANGUAGE plpgsql AS"
            " $$ BEGIN UPDATE shop_product SET name = 'by a procedure'; COMMIT; END $$"
        )
        warm(product.pk)
        cursor.execute("CALL rename()")
    assert read(product.pk).value["name"] == "by a procedure"


class _CallbackError(Exception):
    pass


def callback_that_raises_drops_no_invalidation(product):
    def fail():
        raise _CallbackError

    try:
        with transaction.atomic():
            transaction.on_commit(fail)
            Product.objects.filter(pk=product.pk).update(name="new")
    except _CallbackError:
        pass
    assert read(product.pk).value["name"] == "new"


def reader_with_an_older_snapshot_stores_nothing(product):
    begun, committed = threading.Event(), threading.Event()

    def old_reader():
        with transaction.atomic():
            connection.cursor().execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            assert Product.objects.filter(pk=product.pk).exists()
            begun.set()
            assert committed.wait(DEADLINE_SECONDS)
            return product_detail.get(pk=product.pk)

    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(lambda: (old_reader(), connections.close_all())[0])
        assert begun.wait(DEADLINE_SECONDS)
        Product.objects.filter(pk=product.pk).update(name="new")
        committed.set()
        assert reading.result(DEADLINE_SECONDS).x_cache == "BYPASS"
    assert read(product.pk).value["name"] == "new"


def writer_that_is_killed_leaves_nothing_stale(product):
    """Before the COMMIT the old value is right, after it the new one, which is soon cached again."""
    for step, expected in (
        ("fence", "old"), ("fence done", "old"), ("COMMIT", "old"), ("COMMIT done", "new"), ("lift", "new"),
    ):  # fmt: skip
        Product.objects.filter(pk=product.pk).update(name="old")
        warm(product.pk)
        command = [sys.executable, "ask.py", "killed", step, str(product.pk), "new"]
        assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
        began = time.monotonic()
        while True:
            detail, listed = read(product.pk), elsewhere(product_list.get)
            assert detail.value["name"] == listed.value[0]["name"] == expected, step
            if detail.x_cache == listed.x_cache == "HIT":
                break
            assert time.monotonic() - began < DEADLINE_SECONDS, step


def other_database_is_cached_as_well(product):
    Receipt.objects.all().delete()
    made = Receipt.objects.create(text="old")

    def text():
        return elsewhere(lambda: receipt.get(pk=made.pk))

    def run(sql):
        with connections["archive"].cursor() as cursor:
            cursor.execute(sql)

    for write, expected in (
        (lambda: Receipt.objects.filter(pk=made.pk).update(text="updated"), "updated"),
        (lambda: run("UPDATE shop_receipt SET text = 'raw'"), "raw"),
    ):
        text()
        assert text().x_cache == "HIT"
        write()
        assert text().value == expected
    warm(product.pk)
    with transaction.atomic(using="archive"):
        Receipt.objects.update(text="never")
        assert receipt.get(pk=made.pk).x_cache == "BYPASS"
        assert text().value == "raw"
        transaction.set_rollback(True, using="archive")
    assert (text().x_cache, text().value) == ("HIT", "raw")
    assert read(product.pk).x_cache == "HIT"


def djangos_cache_beside_it_costs_a_miss_at_most(product):
    cache.set("a-view", [1], 60)
    assert cache.get("a-view") == [1]
    warm(product.pk)
    cache.clear()
    Product.objects.filter(pk=product.pk).update(name="new")
    assert read(product.pk).value["name"] == "new"


def values_depend_on_no_caller(product):
    made = Receipt.objects.create(text="r")
    params = {"product:{pk}": {"pk": product.pk}, "products": {}, "receipt:{pk}": {"pk": made.pk}}
    assert {each.key for each in declarations()} == set(params)
    for declared in declarations():
        assert_independent_of_caller(declared, **params[declared.key])


SCHEDULES = [
    reader_that_loads_while_a_writer_commits_stores_nothing,
    reader_before_the_commit_does_not_spoil_what_follows,
    reader_with_an_older_snapshot_stores_nothing,
    what_is_rolled_back_is_never_read,
    callback_that_raises_drops_no_invalidation,
    raw_sql_bulk_and_signals_are_alike,
    both_sides_of_a_many_to_many_are_seen,
    row_that_moves_is_seen_where_it_was_and_where_it_is,
    procedure_that_commits_is_noticed,
    writer_that_is_killed_leaves_nothing_stale,
    other_database_is_cached_as_well,
    djangos_cache_beside_it_costs_a_miss_at_most,
    values_depend_on_no_caller,
]

if __name__ == "__main__":
    for schedule in SCHEDULES:
        Product.objects.all().delete()
        made = Product.objects.create(name="old")
        warm(made.pk)
        schedule(made)
        print(schedule.__name__, flush=True)
    print("psycopg 3" if is_psycopg3 else "psycopg2", len(SCHEDULES), "schedules")
