"""The code that most projects write: read, store, and delete on a signal."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.db.models.signals import m2m_changed, post_delete, post_save

from benchmarks.history.contestants.base import TTL_SECONDS, Contestant
from benchmarks.history.ledger.layout import ORDERS, OWNERS, group_of


def _read_through(key: str, load: Callable[[], Any]) -> Any:
    value = cache.get(key)
    if value is None:
        value = load()
        cache.set(key, value, TTL_SECONDS)
    return value


def _delete(pks: Iterable[int]) -> None:
    pks = list(pks)
    pages = [f"page:{group}:{order}" for group in {group_of(pk) for pk in pks} for order in ORDERS]
    owners = [f"owner:{pk}" for pk in range(1, OWNERS + 1)]  # the former owner is not known any more
    cache.delete_many([*(f"detail:{pk}" for pk in pks), *pages, *owners, "total"])


class DeleteInPostSave(Contestant):
    """Deletes when a signal is sent."""

    def connect(self) -> None:
        from benchmarks.history.ledger.models import Item, Owner

        post_save.connect(self._owner_written, sender=Owner)
        post_save.connect(self._item_written, sender=Item)
        post_delete.connect(self._item_written, sender=Item)
        m2m_changed.connect(self._tags_written, sender=Item.tags.through)

    def detail(self, pk: int) -> Any:
        return _read_through(f"detail:{pk}", lambda: super(DeleteInPostSave, self).detail(pk))

    def page(self, group: int, order: str) -> Any:
        return _read_through(
            f"page:{group}:{order}", lambda: super(DeleteInPostSave, self).page(group, order)
        )

    def owner(self, pk: int) -> Any:
        return _read_through(f"owner:{pk}", lambda: super(DeleteInPostSave, self).owner(pk))

    def total(self) -> Any:
        return _read_through("total", super().total)

    def _owner_written(self, instance: Any, **_: Any) -> None:
        self._invalidate(instance.items.values_list("pk", flat=True))

    def _item_written(self, instance: Any, **_: Any) -> None:
        self._invalidate([instance.pk])

    def _tags_written(self, instance: Any, reverse: bool, pk_set: set[int] | None, **_: Any) -> None:
        self._invalidate(pk_set or () if reverse else [instance.pk])

    def _invalidate(self, pks: Iterable[int]) -> None:
        _delete(pks)


class DeleteInPostSaveAndExplicitly(DeleteInPostSave):
    """The best use: a line after every write that sends no signal."""

    def changed(self, pks: Iterable[int]) -> None:
        self._invalidate(pks)


class DeleteOnCommit(DeleteInPostSave):
    """Deletes after the transaction has committed."""

    def _invalidate(self, pks: Iterable[int]) -> None:
        pks = list(pks)
        transaction.on_commit(lambda: _delete(pks))


class DeleteOnCommitAndExplicitly(DeleteOnCommit):
    """The best use: a line after every write that sends no signal."""

    def changed(self, pks: Iterable[int]) -> None:
        self._invalidate(pks)
