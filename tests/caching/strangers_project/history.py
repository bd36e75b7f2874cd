"""Readers and writers in the shop, judged: ``python history.py READS``.

Every write gives a product a greater number, in the name. A read is stale if its number is less than one
whose write had returned before the read began; both are on one machine's monotonic clock.
"""

import bisect
import json
import multiprocessing
import os
import random
import sys
import time

os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
PRODUCTS = 8
READERS, WRITERS = 3, 2


def setup():
    import django

    django.setup()


def save(pk):
    from django.db import transaction
    from shop.models import Product

    with transaction.atomic():
        product = Product.objects.select_for_update().get(pk=pk)
        product.name = str(int(product.name) + 1)
        product.save()
    return int(product.name)


def run_statement(pk, sql="UPDATE shop_product SET name = name::int + 1 WHERE id = %s RETURNING name"):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql, [pk])
        return int(cursor.fetchone()[0])


def call_function(pk):
    return run_statement(pk, "SELECT next_name(%s)")


def write(stop, number, results):
    setup()
    written = []
    rng = random.Random(number)
    while not stop.is_set():
        pk = rng.randint(1, PRODUCTS)
        value = rng.choice([save, run_statement, call_function])(pk)
        written.append((time.monotonic(), pk, value))
        time.sleep(0.002)
    results.put(written)


def read(reads, number, results):
    setup()
    from shop.cache import product_detail, product_list

    seen, hits = [], 0
    rng = random.Random(1000 + number)
    for _ in range(reads):
        began = time.monotonic()
        if rng.random() < 0.2:
            result = product_list.get()
            names = list(enumerate(map(int, result.value), start=1))
        else:
            pk = rng.randint(1, PRODUCTS)
            result = product_detail.get(pk=pk)
            names = [(pk, int(result.value["name"]))]
        hits += result.x_cache == "HIT"
        seen.append((began, time.monotonic(), names))
    results.put((seen, hits))


def judge(written, reads):
    """Return how many reads are stale, and how many went backwards."""
    by_product = {}
    for at, pk, value in sorted(written):
        times, values = by_product.setdefault(pk, ([], []))
        times.append(at)
        values.append(max(value, values[-1] if values else 0))
    stale = backwards = 0
    newest = {}  # by product: (when the read that saw it had ended, value), ascending
    for began, ended, names in sorted(reads, key=lambda read: read[0]):
        for pk, value in names:
            times, values = by_product.get(pk, ([], []))
            at = bisect.bisect_left(times, began)
            stale += at > 0 and value < values[at - 1]
            earlier = newest.setdefault(pk, [])
            backwards += any(value < other for end, other in earlier[-200:] if end < began)
            earlier.append((ended, value))
    return stale, backwards


def main(reads):
    setup()
    from django.core.management import call_command
    from django.db import connection, connections
    from shop.models import Product

    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE shop_product RESTART IDENTITY CASCADE")
        cursor.execute(
            "CREATE OR REPLACE FUNCTION next_name(pk bigint) RETURNS text LANGUAGE sql AS"
            " $$ UPDATE shop_product SET name = name::int + 1 WHERE id = pk RETURNING name $$"
        )
    Product.objects.bulk_create(Product(name="1") for _ in range(PRODUCTS))
    connections.close_all()
    context = multiprocessing.get_context("spawn")
    stop, results, written = context.Event(), context.Queue(), context.Queue()
    writers = [context.Process(target=write, args=(stop, n, written)) for n in range(WRITERS)]
    readers = [context.Process(target=read, args=(reads // READERS, n, results)) for n in range(READERS)]
    for process in (*writers, *readers):
        process.start()
    found = [results.get() for _ in readers]
    stop.set()
    writes = [each for _ in writers for each in written.get()]
    for process in (*writers, *readers):
        process.join()
    all_reads = [each for seen, _ in found for each in seen]
    stale, backwards = judge(writes, all_reads)
    hits = sum(hits for _, hits in found)
    counts = {"reads": len(all_reads), "writes": len(writes), "hits": hits}
    print(json.dumps({**counts, "stale": stale, "backwards": backwards}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
