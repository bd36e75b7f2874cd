"""A process that reads or writes in the shop's history (history.py).

``python worker.py ROLE NAME FOLDER READS``: ROLE is ``reader`` or ``writer``. NAME is unique in the history.
The log ``FOLDER/NAME`` has one JSON array a line, written at once, so that a kill does not lose it:

===========================================  ===============================================
``["attempt", nonce, started]``              about to write
``["done", nonce, committing, ended]``       the write has returned: it is acknowledged
``["read", kind, began, ended, hit, texts]`` what a read has shown
===========================================  ===============================================

SHOP_WITHOUT names a step of the cache that does nothing (``caching.testing.STEPS``): then the history must
find wrong reads.

Each text has the form ``register/version/nonce``: ``p3/17/w1.5`` is the 17th name of product 3.
"""

import contextlib
import json
import os
import random
import sys
import time
from pathlib import Path

os.environ["DJANGO_SETTINGS_MODULE"] = "settings"

import django

django.setup()

from django.db import DatabaseError, connection, transaction  # noqa: E402
from shop.cache import product_detail, product_list, receipt  # noqa: E402
from shop.models import Product, Receipt, Stock, Tag  # noqa: E402

from caching.testing import replaced, timing  # noqa: E402

PRODUCTS, STOCKS, RECEIPTS = 8, 12, 3
PAUSE_SECONDS = 0.004
OLD_SNAPSHOT_SHARE = 0.002
OVERDUE_SECONDS = 1.0  # killed writers' fences are examined after that, not after ten


class RolledBack(Exception):  # noqa: N818  (it is not an error)
    pass


def following(text, nonce):
    """Return the text of the next version of a register, given the text in the database."""
    register, version, _ = text.split("/")
    return f"{register}/{int(version) + 1}/{nonce}"


class Writer:
    """Writes in every supported way."""

    def __init__(self, rng):
        self.rng = rng
        self.committing = 0

    @contextlib.contextmanager
    def transaction(self, using="default"):
        with transaction.atomic(using=using):
            yield
            self.committing = time.monotonic_ns()

    def product(self, *, lock=True):
        """Return a product at random, locked."""
        products = Product.objects.select_for_update(no_key=True) if lock else Product.objects
        return products.get(pk=self.rng.randint(1, PRODUCTS))

    def save(self, nonce):
        with self.transaction():
            product = self.product()
            product.name = following(product.name, nonce)
            product.save()

    def update(self, nonce):
        with self.transaction():
            product = self.product()
            Product.objects.filter(pk=product.pk).update(name=following(product.name, nonce))

    def bulk_update(self, nonce):
        with self.transaction():
            pks = self.rng.sample(range(1, PRODUCTS + 1), 3)
            products = list(Product.objects.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk"))
            for product in products:
                product.name = following(product.name, nonce)
            Product.objects.bulk_update(products, ["name"])

    def statement(self, nonce):
        self.call(
            "UPDATE shop_product SET name = next_text(name, %s) WHERE id = %s",
            [nonce, self.rng.randint(1, PRODUCTS)],
        )

    def function(self, nonce):
        self.call("SELECT rename_product(%s, %s)", [self.rng.randint(1, PRODUCTS), nonce])

    def block(self, nonce):
        pk = self.rng.randint(1, PRODUCTS)
        self.call(f"DO $$ BEGIN PERFORM rename_product({pk}, '{nonce}'); END $$")

    def call(self, sql, params=None):
        with connection.cursor() as cursor:
            cursor.execute(sql, params)

    def move(self, nonce):
        """Move a stock to another product: the details of both products change."""
        with self.transaction():
            stock = Stock.objects.select_for_update().get(pk=self.rng.randint(1, STOCKS))
            stock.product_id = self.rng.randint(1, PRODUCTS)
            stock.place = following(stock.place, nonce)
            stock.save()

    def tag(self, nonce):
        """Change only the many-to-many, from one side or the other."""
        with self.transaction():
            product = self.product()
            old = product.tags.get()
            new = Tag.objects.create(name=following(old.name, nonce))
            if self.rng.random() < 0.5:
                product.tags.set([new])
            else:
                old.products.clear()
                new.products.add(product)

    def rename_tag(self, nonce):
        with self.transaction():
            tag = self.product().tags.get()
            Tag.objects.filter(pk=tag.pk).update(name=following(tag.name, nonce))

    def archive(self, nonce):
        """Write to the other database."""
        with self.transaction("archive"):
            found = Receipt.objects.select_for_update().get(pk=self.rng.randint(1, RECEIPTS))
            found.text = following(found.text, nonce)
            found.save()

    def roll_back(self, nonce):
        """Read through the cache what was written, then fail: no other reader may see it."""
        with self.transaction():
            product = self.product()
            product.name = following(product.name, nonce)
            product.save()
            product.tags.clear()
            Stock.objects.filter(product=product).update(place=f"s1/999999/{nonce}")
            product_detail.get(pk=product.pk)
            product_list.get()
            raise RolledBack


WAYS = (
    "save", "update", "bulk_update", "statement", "function", "block", "move", "move", "tag", "tag",
    "rename_tag", "archive", "roll_back",
)  # fmt: skip


def write(name, folder, note):
    rng = random.Random(name)
    writer = Writer(rng)
    number = 0
    while not (folder / "stop").exists():
        number += 1
        nonce = f"{name}.{number}"
        writer.committing = 0
        started = time.monotonic_ns()
        note("attempt", nonce, started)
        with contextlib.suppress(RolledBack, DatabaseError):  # a deadlock: not acknowledged
            getattr(writer, rng.choice(WAYS))(nonce)
            note("done", nonce, writer.committing or started, time.monotonic_ns())
        time.sleep(rng.expovariate(1 / PAUSE_SECONDS))


def read(name, note, reads):
    rng = random.Random(name)
    for _ in range(reads):
        if rng.random() < OLD_SNAPSHOT_SHARE:
            read_from_old_snapshot(rng)
        read_one(rng, note)


def read_one(rng, note):
    choice = rng.random()
    began = time.monotonic_ns()
    if choice < 0.25:
        kind, result = "list", product_list.get()
    elif choice < 0.3:
        kind, result = "receipt", receipt.get(pk=rng.randint(1, RECEIPTS))
    else:
        kind, result = "detail", product_detail.get(pk=rng.randint(1, PRODUCTS))
    ended = time.monotonic_ns()
    note("read", kind, began, ended, result.x_cache == "HIT", texts(kind, result.value))


def texts(kind, value):
    """Return the versions that a value shows."""
    if kind == "list":
        return [text for each in value for text in (each["name"], *each["places"])]
    return [value] if kind == "receipt" else [value["name"], *value["tags"], *value["pieces"]]


def read_from_old_snapshot(rng):
    """Read from an old snapshot. Such a read is not checked, but later reads of what it stores are."""
    with transaction.atomic():
        connection.cursor().execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        Product.objects.exists()
        time.sleep(rng.uniform(0, 0.01))
        product_detail.get(pk=rng.randint(1, PRODUCTS))


def main(role, name, folder, reads):
    descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def note(*words):
        os.write(descriptor, json.dumps(words).encode() + b"\n")

    with contextlib.ExitStack() as stack:
        stack.enter_context(timing(overdue=OVERDUE_SECONDS))
        if step := os.environ.get("SHOP_WITHOUT"):
            stack.enter_context(replaced(step, lambda *_: None))
        if role == "writer":
            write(name, folder, note)
        else:
            read(name, note, reads)


if __name__ == "__main__":
    role, name, folder, reads = sys.argv[1:]
    main(role, name, Path(folder), int(reads))
