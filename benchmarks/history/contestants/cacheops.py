"""django-cacheops: caches the results of queries; a write invalidates by the conditions of the queries."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import QuerySet

from benchmarks.history.contestants.base import LEDGER, TTL_SECONDS, Contestant


class Cacheops(Contestant):
    """The defaults: every query of the ledger is cached."""

    apps = ("cacheops", LEDGER)
    ops: Any = "all"

    @property
    def settings(self) -> dict[str, Any]:
        return {
            "CACHEOPS_REDIS": os.environ["REDIS_URL"],
            "CACHEOPS": {"ledger.*": {"ops": self.ops, "timeout": TTL_SECONDS}},
        }


class CacheopsKeepFresh(Cacheops):
    """Whole functions with ``keep_fresh``, which stores nothing that was invalidated during the load."""

    ops = ()
    options: dict[str, Any] = {"keep_fresh": True}

    def detail(self, pk: int) -> Any:
        from benchmarks.history.ledger.models import Item, Owner

        tags = Item.tags.through.objects.filter(item_id=pk)
        samples = Item.objects.filter(pk=pk), tags, Owner.objects.all()
        return self._cached(lambda: super(CacheopsKeepFresh, self).detail(pk), *samples)

    def page(self, group: int, order: str) -> Any:
        from benchmarks.history.ledger.models import Item

        items = Item.objects.filter(group=group).order_by(order)
        return self._cached(lambda: super(CacheopsKeepFresh, self).page(group, order), items)

    def owner(self, pk: int) -> Any:
        from benchmarks.history.ledger.models import Item, Owner

        samples = Item.objects.filter(owner=pk), Owner.objects.filter(pk=pk)
        return self._cached(lambda: super(CacheopsKeepFresh, self).owner(pk), *samples)

    def total(self) -> Any:
        from benchmarks.history.ledger.models import Item

        return self._cached(super().total, Item.objects.all())

    def _cached(self, load: Callable[[], Any], *samples: QuerySet[Any]) -> Any:
        from cacheops import cached_as

        def read() -> Any:
            return load()

        return cached_as(*samples, timeout=TTL_SECONDS, **self.options)(read)()


class CacheopsAtItsBest(CacheopsKeepFresh):
    """The best use: its locks, ``invalidated_update``, and a line after every write that sends no signal."""

    options = {"keep_fresh": True, "lock": True}

    def update(self, queryset: QuerySet[Any], **values: Any) -> int:
        return queryset.invalidated_update(**values)  # type: ignore[attr-defined, no-any-return]

    def changed(self, pks: Iterable[int]) -> None:
        from cacheops import invalidate_obj

        from benchmarks.history.ledger.models import Item

        for item in Item.objects.nocache().select_related("owner").filter(pk__in=list(pks)):
            invalidate_obj(item)
            invalidate_obj(item.owner)
