"""This product, used as its documentation prescribes."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from benchmarks.history.contestants.base import LEDGER, TTL_SECONDS, Contestant

if TYPE_CHECKING:
    from caching import Cached, CachedFamily


class Product(Contestant):
    engine = "caching.postgresql"
    apps = (LEDGER, "caching.apps.CachingConfig")

    def connect(self) -> None:
        _ = self.details, self.pages, self.owners, self.totals  # declare them before the first write

    @cached_property
    def details(self) -> Cached:
        from benchmarks.history.ledger.loads import load_detail
        from benchmarks.history.ledger.models import Item, Owner, Tag
        from caching import Cached

        return Cached(
            "ledger:detail:{pk}",
            ttl=TTL_SECONDS,
            load=load_detail,
            invalidated_by={
                Item: "pk",
                Item.tags.through: "item_id",
                Owner: "items__pk",
                Tag: "items__pk",
            },
        )

    @cached_property
    def pages(self) -> CachedFamily:
        from benchmarks.history.ledger.loads import load_page
        from benchmarks.history.ledger.models import Item
        from caching import ALL, CachedFamily

        return CachedFamily("ledger:pages", ttl=TTL_SECONDS, load=load_page, invalidated_by={Item: ALL})

    @cached_property
    def owners(self) -> Cached:
        from benchmarks.history.ledger.loads import load_owner
        from benchmarks.history.ledger.models import Item, Owner
        from caching import Cached

        return Cached(
            "ledger:owner:{pk}",
            ttl=TTL_SECONDS,
            load=load_owner,
            invalidated_by={Owner: "pk", Item: "owner_id"},
        )

    @cached_property
    def totals(self) -> Cached:
        from benchmarks.history.ledger.loads import load_total
        from benchmarks.history.ledger.models import Item
        from caching import ALL, Cached

        return Cached("ledger:total", ttl=TTL_SECONDS, load=load_total, invalidated_by={Item: ALL})

    def detail(self, pk: int) -> Any:
        return self.details.get(pk=pk).value

    def page(self, group: int, order: str) -> Any:
        return self.pages.get(group=group, order=order).value

    def owner(self, pk: int) -> Any:
        return self.owners.get(pk=pk).value

    def total(self) -> Any:
        return self.totals.get().value
