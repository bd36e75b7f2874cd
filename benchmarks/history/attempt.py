"""One write: its nonce, its transaction, its times."""

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


class RolledBack(Exception):  # noqa: N818  (nothing went wrong)
    """Raised on purpose inside a transaction."""


class CallbackFailed(Exception):  # noqa: N818
    """Raised on purpose by an on_commit callback: the transaction is committed by then."""


class Attempt:
    """What a kind of write works with.

    Attributes:
        nonce: names the attempt; it is written into every row.
        pk, other: two items of one group.
        tag, owner: primary keys, chosen at random.
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
        """An atomic block that notes when its commit begins."""
        with transaction.atomic():
            yield
            self.committing = time.monotonic_ns()

    def lock(self, *pks: int) -> list[Item]:
        """The items, locked in one order by everybody; without those that are gone."""
        rows = Item.objects.select_for_update(no_key=True).filter(pk__in=pks)
        return list(rows.order_by("pk"))

    def execute(self, sql: str, params: list[Any]) -> None:
        """A statement of the application's own, through Django's connection."""
        with connection.cursor() as cursor:
            cursor.execute(sql, params)

    def announce(self) -> None:
        """Tell the journal's triggers who writes (journal.sql)."""
        self.execute("SELECT set_config('bench.attempt', %s, false)", [self.nonce])
