"""What must hold in the shop, run as a process of its own: ``python schedules.py``.

The reader is another thread, with a connection of its own.
"""

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

FOREIGN = ("rest_framework", "celery", "django_redis", "hiredis", "config", "api", "courses")


class Absent:
    """Has an import of what the shop does not have fail, although it is installed here."""

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in FOREIGN:
            raise ModuleNotFoundError(name)


sys.meta_path.insert(0, Absent())
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"

import django  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, connections, transaction  # noqa: E402
from django.db.backends.postgresql.psycopg_any import is_psycopg3  # noqa: E402
from shop.cache import product_detail, product_list  # noqa: E402
from shop.models import Product, Stock, Tag  # noqa: E402


def elsewhere(work):
    def run():
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result(20)


def read(pk):
    return elsewhere(lambda: product_detail.get(pk=pk))


def warm(pk):
    assert [read(pk).x_cache for _ in range(2)][-1] == "HIT"
    elsewhere(product_list.get)
    assert elsewhere(product_list.get).x_cache == "HIT"


def reader_that_loads_while_a_writer_commits_stores_nothing(product):
    """The reader misses, reads the database; the writer commits; the reader would store."""
    loaded, committed = threading.Event(), threading.Event()
    original = product_detail._load

    def slow(pk):
        value = original(pk)
        loaded.set()
        assert committed.wait(20)
        return value

    product_detail._load = slow
    product_detail.invalidate_all()
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(lambda: (product_detail.get(pk=product.pk), connections.close_all())[0])
        assert loaded.wait(20)
        Product.objects.filter(pk=product.pk).update(name="written meanwhile")
        product_detail._load = original
        committed.set()
        assert reading.result(20).value["name"] == product.name
    assert read(product.pk).value["name"] == "written meanwhile"


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
        assert elsewhere(product_list.get).value == [name]


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


SCHEDULES = [
    reader_that_loads_while_a_writer_commits_stores_nothing,
    reader_before_the_commit_does_not_spoil_what_follows,
    what_is_rolled_back_is_never_read,
    raw_sql_bulk_and_signals_are_alike,
    both_sides_of_a_many_to_many_are_seen,
    row_that_moves_is_seen_where_it_was_and_where_it_is,
    procedure_that_commits_is_noticed,
]

if __name__ == "__main__":
    call_command("check", verbosity=0)
    call_command("migrate", verbosity=0)
    for schedule in SCHEDULES:
        Product.objects.all().delete()
        made = Product.objects.create(name="old")
        warm(made.pk)
        schedule(made)
        print(schedule.__name__, flush=True)
    print("psycopg 3" if is_psycopg3 else "psycopg2", len(SCHEDULES), "schedules")
