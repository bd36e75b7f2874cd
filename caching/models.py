"""The base of models that something cached depends on, and the cache's one table."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models, router, transaction

from caching.tracking import TrackedQuerySet, hold


class TrackedModel(models.Model):
    """A model whose ``save()`` is one transaction with its signals, begun by locking the row.

    Without it Django commits a ``save()`` outside a transaction before ``post_save``, and the guard
    has to invalidate everything that depends on the table.

    Attributes:
        lock_on_save: whether the row is locked first. A model may set it to False whose receivers ask
            the database nothing (``tracking.lock`` says why they need it).
    """

    lock_on_save: ClassVar[bool] = True

    objects = TrackedQuerySet.as_manager()

    class Meta:
        abstract = True

    def save_base(self, *args: Any, **kwargs: Any) -> None:
        using = kwargs.get("using") or router.db_for_write(type(self), instance=self)
        with transaction.atomic(using=using, savepoint=False):
            if self.lock_on_save and self.pk is not None and not kwargs.get("force_insert"):
                hold(type(self), self.pk, using)
            super().save_base(*args, **kwargs)


class Outbox(models.Model):
    """A node that could not be fenced when its change was committed (caching/outbox.py)."""

    node = models.JSONField()
    created_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "outbox"

    def __str__(self) -> str:
        return str(self.node[0])
