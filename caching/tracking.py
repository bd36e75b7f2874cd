"""What a model's writes announce: Django's signals bracket its statements, the QuerySet its bulk ones."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from django.db import connections, models, transaction
from django.db.models import signals
from django.dispatch import Signal

from caching.guard import Guard
from caching.registry import dependents
from caching.transaction import MOST_KEYS_OF_A_PATTERN, changes

if TYPE_CHECKING:
    from caching.postgresql.base import DatabaseWrapper

ModelT = TypeVar("ModelT", bound=models.Model)

# Rows were, or are about to be, changed. Sent inside the transaction of the change with ``pks``, a
# list: for an ``update()`` before and after it, so that a receiver which maps rows to their parents
# sees the old parent and the new one, with ``fields``, the names of what it sets; after a
# ``bulk_create``; before a delete, whose instance may name a parent that the row has left.
rows_changed = Signal()


def lock(model: type[models.Model], pks: Collection[Any], using: str) -> list[Any]:
    """Lock rows until the transaction ends, before a receiver asks what they concern; who is there.

    ::

        writer A                                writer B
        where does the row stand? at X
                                                moves it from X to Y, COMMIT
        moves it to Z, touches X and Z
                                                (a reader stores what stands at Y: the row)
        COMMIT                                  Y still shows the row

    The lock also holds up a new row that would refer to this one: its foreign key asks for it.
    """
    rows = model._base_manager.using(using).select_for_update().filter(pk__in=pks)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def hold(model: type[models.Model], pk: Any, using: str) -> None:
    """Lock the row that is about to be saved, if it is there.

    If it is not, another writer may just be making it under the same key, and this one will move it:
    from where, nobody can ask. Then everything that depends on the table goes.
    """
    if not lock(model, [pk], using):
        changes(using).cover(dependents(model._meta.db_table))


def _guard(using: str) -> Guard:
    return cast("DatabaseWrapper", connections[using]).guard


# What the signals' statements do to the model's table.
_VERBS: dict[Signal, tuple[str, ...]] = {
    signals.pre_save: ("insert", "update"),
    signals.post_save: ("insert", "update"),
    signals.pre_delete: ("delete",),
    signals.post_delete: ("delete",),
    signals.m2m_changed: ("insert", "delete"),
}
_BEFORE = (signals.pre_save, signals.pre_delete, signals.m2m_changed)
_AFTER = (signals.post_save, signals.post_delete, signals.m2m_changed)


def track(model: type[models.Model]) -> None:
    """Let the guard know when a signal speaks for a write to the model's table (guard.py).

    These receivers are connected now, as the first of their signal; those that must be the last when
    every app is ready (``conclude``).
    """
    key = f"caching:{model._meta.label}"
    for signal in _BEFORE:
        _connect_first(signal, _expect, model, f"{key}:expect")
    for signal in _AFTER:
        _connect_first(signal, _close, model, f"{key}:close")
    signals.pre_delete.connect(_tell_of_rows_to_go, sender=model, dispatch_uid=f"{key}:delete")
    _tracked.add(model)


def _connect_first(signal: Signal, receiver: Callable[..., None], sender: Any, uid: str) -> None:
    """Django calls receivers in the order of its list; an app's may have been connected before."""
    known = len(signal.receivers)
    signal.connect(receiver, sender=sender, dispatch_uid=uid)
    if len(signal.receivers) > known:
        signal.receivers.insert(0, signal.receivers.pop())
        signal.sender_receivers_cache.clear()


_tracked: set[type[models.Model]] = set()


def tracked_models() -> frozenset[type[models.Model]]:
    """The models on which something cached depends."""
    return frozenset(_tracked)


def conclude() -> None:
    """Connect the receivers that must be the last of their signal."""
    for model in _tracked:
        key = f"caching:{model._meta.label}"
        for signal in _BEFORE:
            signal.connect(_open, sender=model, dispatch_uid=f"{key}:open")
        for signal in _AFTER:
            signal.connect(_conclude, sender=model, dispatch_uid=f"{key}:conclude")


def _expect(
    *, sender: type[models.Model], using: str, action: str = "pre_", raw: bool = False, **named: Any
) -> None:
    if raw:
        _hold_what_is_loaded(sender, named["instance"], using)
    if action.startswith("pre_"):
        _guard(using).expect(sender._meta.db_table)


def _hold_what_is_loaded(model: type[models.Model], instance: models.Model, using: str) -> None:
    """``loaddata`` and ``DeserializedObject.save()`` call Django's own ``save_base``, past TrackedModel's."""
    asks = getattr(model, "lock_on_save", True)
    if asks and instance.pk is not None and connections[using].in_atomic_block:
        hold(model, instance.pk, using)


def _tell_of_rows_to_go(*, sender: type[models.Model], instance: models.Model, using: str, **_: Any) -> None:
    pks = lock(sender, [instance.pk], using)
    rows_changed.send(sender=sender, pks=pks, using=using)


def _open(*, signal: Signal, sender: type[models.Model], using: str, action: str = "pre_", **_: Any) -> None:
    if action.startswith("pre_"):
        _guard(using).open(sender._meta.db_table, *_VERBS[signal])


def _close(
    *, signal: Signal, sender: type[models.Model], using: str, action: str = "post_", **_: Any
) -> None:
    if action.startswith("post_"):
        _guard(using).close(sender._meta.db_table, *_VERBS[signal])


def _conclude(*, sender: type[models.Model], using: str, action: str = "post_", **_: Any) -> None:
    if action.startswith("post_"):
        _guard(using).concluded(sender._meta.db_table)


class TrackedQuerySet(models.QuerySet[ModelT]):
    """A QuerySet whose statements over many rows send ``rows_changed``.

    ``bulk_update`` and the asynchronous methods come down to the two below.
    """

    def update(self, **values: Any) -> int:
        """Update the rows that matched when they were locked, and announce exactly those."""
        using = self._for_write_alias()
        with transaction.atomic(using=using, savepoint=False):
            pks = self._lock(using)
            if len(pks) > MOST_KEYS_OF_A_PATTERN:
                return super().update(**values)  # unannounced: the guard takes the whole table
            guard, table = _guard(using), self.model._meta.db_table
            guard.expect(table)
            rows_changed.send(sender=self.model, pks=pks, using=using, fields=values.keys())
            guard.open(table, "update")
            count = models.QuerySet.update(self.filter(pk__in=pks), **values)
            guard.close(table, "update")
            rows_changed.send(sender=self.model, pks=pks, using=using, fields=values.keys())
            guard.concluded(table)
            return count

    update.alters_data = True  # type: ignore[attr-defined]  # for templates

    def bulk_create(
        self,
        objs: Iterable[ModelT],
        batch_size: int | None = None,
        ignore_conflicts: bool = False,
        update_conflicts: bool = False,
        update_fields: Collection[str] | None = None,
        unique_fields: Collection[str] | None = None,
    ) -> list[ModelT]:
        """Create the rows and announce their keys, where all are new and not too many."""
        objs = list(objs)
        using = self._for_write_alias()
        if ignore_conflicts or update_conflicts or len(objs) > MOST_KEYS_OF_A_PATTERN:
            return super().bulk_create(
                objs, batch_size, ignore_conflicts, update_conflicts, update_fields, unique_fields
            )
        with transaction.atomic(using=using, savepoint=False):
            guard, table = _guard(using), self.model._meta.db_table
            guard.expect(table)
            guard.open(table, "insert")
            created = super().bulk_create(objs, batch_size)
            guard.close(table, "insert")
            rows_changed.send(sender=self.model, pks=[row.pk for row in created], using=using)
            guard.concluded(table)
            return created

    def _for_write_alias(self) -> str:
        self._for_write = True
        return self.db

    def _lock(self, using: str) -> list[Any]:
        rows = self.model._base_manager.using(using).filter(pk__in=self.order_by().values("pk"))
        locked = rows.select_for_update().order_by("pk").values_list("pk", flat=True)
        return list(locked[: MOST_KEYS_OF_A_PATTERN + 1])
