"""One write, with its nonce, its transaction and its times."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from benchmarks.history.contestants import current
from benchmarks.history.ledger.layout import ITEMS, OWNERS, TAGS, group_of, items_of
from benchmarks.history.ledger.models import Item


class RolledBack(Exception):  # noqa: N818  (it is not an error)
    """Raised on purpose inside a transaction."""


class CallbackFailed(Exception):  # noqa: N818
    """Raised on purpose by an on_commit callback, after the transaction has committed."""


class Attempt:
    """The arguments and helpers of a kind of write.

    Attributes:
        nonce: identifies the attempt; it is written into every row.
        pk: an item.
        other: another item of the same group.
        tag: the primary key of a tag, chosen at random.
        owner: the primary key of an owner, chosen at random.
    """

    def __init__(self, nonce: str, rng: random.Random) -> None:
        self.nonce = nonce
        self.rng = rng
        self.contestant = current()
        self.pk = rng.randint(1, ITEMS)
        self.other = rng.choice([pk for pk in items_of(group_of(self.pk)) if pk != self.pk])
        self.tag = rng.randint(1, TAGS)
        self.owner = rng.randint(1, OWNERS)
        self.amount = rng.randint(1, 9)
        self.committing: int | None = None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Run the block in a transaction, and record when its commit begins."""
        with transaction.atomic():
            yield
            self.committing = time.monotonic_ns()

    def lock(self, *pks: int) -> list[Item]:
        """Return the items that exist, locked. All writers lock in the same order."""
        rows = Item.objects.select_for_update(no_key=True).filter(pk__in=pks)
        return list(rows.order_by("pk"))

    def execute(self, sql: str, params: list[Any]) -> None:
        """Run a statement through Django's connection."""
        with connection.cursor() as cursor:
            cursor.execute(sql, params)

    def announce(self) -> None:
        """Set the attempt's nonce for the triggers of the journal (journal.sql)."""
        self.execute("SELECT set_config('bench.attempt', %s, false)", [self.nonce])
