"""Check a history of reads and writes in the shop: ``python history.py READS``.

Several processes read, several write, and from time to time a writer is killed. Triggers of the history
keep a journal of every version that was committed. At the end every cached value is compared with the
database.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ["DJANGO_SETTINGS_MODULE"] = "settings"

import django

django.setup()

from django.db import connections  # noqa: E402
from judge import Read, judge  # noqa: E402
from shop.cache import product_detail, product_list, receipt  # noqa: E402
from shop.models import Product, Receipt, Stock, Tag  # noqa: E402
from worker import PRODUCTS, RECEIPTS, STOCKS  # noqa: E402

READERS, WRITERS = 3, 3
KILL_SECONDS = 2.0
SEED = 7

JOURNAL = """
CREATE TABLE IF NOT EXISTS journal (text text);
TRUNCATE journal;
CREATE OR REPLACE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO journal VALUES (to_jsonb(new) ->> TG_ARGV[0]);
  RETURN NULL;
END $$;
"""
NOTE = """
CREATE OR REPLACE TRIGGER a_note AFTER INSERT OR UPDATE ON {table}
FOR EACH ROW EXECUTE FUNCTION note('{column}');
"""
FUNCTIONS = """
CREATE OR REPLACE FUNCTION next_text(old text, nonce text) RETURNS text LANGUAGE sql AS
$$ SELECT split_part(old, '/', 1) || '/' || split_part(old, '/', 2)::int + 1 || '/' || nonce $$;
CREATE OR REPLACE FUNCTION rename_product(pk bigint, nonce text) RETURNS void LANGUAGE sql AS
$$ UPDATE shop_product SET name = next_text(name, nonce) WHERE id = pk $$;
"""


def run(alias, sql):
    with connections[alias].cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else []


def prepare():
    """Create the first rows, and a journal in each database."""
    run("default", "TRUNCATE shop_product, shop_tag, shop_stock, shop_product_tags RESTART IDENTITY")
    run("archive", "TRUNCATE shop_receipt RESTART IDENTITY")
    run("default", JOURNAL + FUNCTIONS)
    run("archive", JOURNAL)
    for table, column in (("shop_product", "name"), ("shop_stock", "place"), ("shop_tag", "name")):
        run("default", NOTE.format(table=table, column=column))
    run("archive", NOTE.format(table="shop_receipt", column="text"))
    products = Product.objects.bulk_create(Product(name=f"p{n}/1/begin") for n in range(1, PRODUCTS + 1))
    for product in products:
        product.tags.add(Tag.objects.create(name=f"t{product.pk}/1/begin"))
    Stock.objects.bulk_create(
        Stock(product=products[n % PRODUCTS], place=f"s{n}/1/begin", pieces=n) for n in range(1, STOCKS + 1)
    )
    Receipt.objects.bulk_create(Receipt(text=f"r{n}/1/begin") for n in range(1, RECEIPTS + 1))
    connections.close_all()


def start(role, name, folder, reads=0):
    return subprocess.Popen([sys.executable, "worker.py", role, name, str(folder), str(reads)])


def play(folder, reads):
    """Return how many writers were killed."""
    rng, killed = random.Random(SEED), 0
    readers = [start("reader", f"r{n}", folder, reads // READERS) for n in range(READERS)]
    writers = [start("writer", f"w{n}", folder) for n in range(WRITERS)]
    due = time.monotonic() + KILL_SECONDS
    while any(reader.poll() is None for reader in readers):
        time.sleep(0.02)
        if time.monotonic() > due:
            due, killed = time.monotonic() + KILL_SECONDS, killed + 1
            place = rng.randrange(WRITERS)
            writers[place].kill()
            writers[place].wait()
            writers[place] = start("writer", f"w{place}k{killed}", folder)
    (folder / "stop").touch()
    codes = [process.wait() for process in (*readers, *writers)]
    assert not any(codes), codes
    return killed


def result(folder, killed):
    """Return the history in numbers."""
    reads, committing, acknowledged, attempts = [], {}, {}, 0
    for log in folder.iterdir():
        for line in log.read_text().splitlines():
            word, *details = json.loads(line)
            if word == "read":
                reads.append(Read(*details))
            elif word == "attempt":
                nonce, committing[nonce] = details
                attempts += 1
            else:
                nonce, committing[nonce], acknowledged[nonce] = details
    journal = {text for alias in ("default", "archive") for (text,) in run(alias, "SELECT text FROM journal")}
    everything = [f"p{n}" for n in range(1, PRODUCTS + 1)] + [f"s{n}" for n in range(1, STOCKS + 1)]
    return {
        "reads": len(reads),
        "hits": sum(read.hit for read in reads),
        "attempts": attempts,
        "acknowledged": len(acknowledged),
        "killed": killed,
        **judge(reads, journal, committing, acknowledged, everything),
        "wrong at the end": differences(),
    }


def differences():
    """Return how many cached values differ from what a load returns."""
    things = [(product_detail, {"pk": pk}) for pk in range(1, PRODUCTS + 1)]
    things += [(receipt, {"pk": pk}) for pk in range(1, RECEIPTS + 1)]
    things.append((product_list, {}))
    return sum(thing.get(**params).body != thing.load_uncached(**params) for thing, params in things)


def main(reads):
    prepare()
    with tempfile.TemporaryDirectory() as name:
        killed = play(Path(name), reads)
        print(json.dumps(result(Path(name), killed)))
    for alias in ("default", "archive"):
        run(alias, "DROP FUNCTION note() CASCADE")  # with its triggers


if __name__ == "__main__":
    main(int(sys.argv[1]))
