"""This product, used as its documentation says."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.db.models.signals import m2m_changed, post_delete, post_save

from benchmarks.history.contestants.base import LEDGER, TTL_SECONDS, Contestant

if TYPE_CHECKING:
    from caching import Cached, CachedFamily


class Product(Contestant):
    engine = "caching.postgresql"
    model_base = "caching.models.TrackedModel"
    apps = (LEDGER, "caching.apps.CachingConfig")

    def connect(self) -> None:
        from benchmarks.history.ledger.models import Item
        from caching import rows_changed

        _ = self.details, self.pages, self.totals  # declared before anybody writes
        post_save.connect(self._touch_item, sender=Item)
        post_delete.connect(self._touch_item, sender=Item)
        rows_changed.connect(self._touch_items, sender=Item)
        m2m_changed.connect(self._touch_tagged, sender=Item.tags.through)

    @cached_property
    def details(self) -> Cached:
        from benchmarks.history.ledger.loads import load_detail
        from benchmarks.history.ledger.models import Item
        from caching import Cached

        on = [Item, Item.tags.through]
        return Cached("ledger:detail:{pk}", ttl=TTL_SECONDS, load=load_detail, depends_on=on)

    @cached_property
    def pages(self) -> CachedFamily:
        from benchmarks.history.ledger.loads import load_page
        from benchmarks.history.ledger.models import Item
        from caching import CachedFamily

        return CachedFamily("ledger:pages", ttl=TTL_SECONDS, load=load_page, depends_on=[Item])

    @cached_property
    def totals(self) -> Cached:
        from benchmarks.history.ledger.loads import load_total
        from benchmarks.history.ledger.models import Item
        from caching import Cached

        return Cached("ledger:total", ttl=TTL_SECONDS, load=load_total, depends_on=[Item])

    def detail(self, pk: int) -> Any:
        return self.details.get(pk=pk).value

    def page(self, group: int, order: str) -> Any:
        return self.pages.get(group=group, order=order).value

    def total(self) -> Any:
        return self.totals.get().value

    def _touch_item(self, instance: Any, **_: Any) -> None:
        self._touch_items([instance.pk])

    def _touch_items(self, pks: Iterable[int], **_: Any) -> None:
        for pk in pks:
            self.details.touch(pk=pk)
        self.pages.touch()
        self.totals.touch()

    def _touch_tagged(self, instance: Any, reverse: bool, pk_set: set[int] | None, **_: Any) -> None:
        if reverse and pk_set is None:
            self.details.touch_all()
        for pk in (pk_set or ()) if reverse else (instance.pk,):
            self.details.touch(pk=pk)
