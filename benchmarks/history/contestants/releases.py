"""Two releases of this product that run side by side: the later one has other fields.

=================  ========================  =====================================
\\                  release 1                 release 2
=================  ========================  =====================================
detail: removed    ``old``, a number         (none)
detail: added      (none)                    ``new``, a number
detail: retyped    ``kind``, a number        ``kind``, a text
pages: added       (none)                    ``release`` beside the items
=================  ========================  =====================================

Owners and totals have the same shape in both, so each may read what the other has stored.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from benchmarks.history.contestants.base import TTL_SECONDS
from benchmarks.history.contestants.product import Product

if TYPE_CHECKING:
    from caching import Cached, CachedFamily

WRONG_SHAPE = "wrong shape"  # a field that marks a logged value as that of another release


class Release(Product):
    """One release.

    Attributes:
        fields: the fields that it adds to a detail.
        page_fields: the fields that it adds to a page.
    """

    fields: dict[str, Any] = {"old": 1, "kind": 1}
    page_fields: dict[str, Any] = {}

    @cached_property
    def details(self) -> Cached:
        from benchmarks.history.ledger.loads import load_detail
        from benchmarks.history.ledger.models import Item, Owner, Tag
        from caching import Cached

        return Cached(
            "ledger:detail:{pk}",
            ttl=TTL_SECONDS,
            load=lambda pk: load_detail(pk) | self.fields,
            shape=_types(self.fields),
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

        return CachedFamily(
            "ledger:pages",
            ttl=TTL_SECONDS,
            load=lambda group, order: load_page(group, order) | self.page_fields,
            shape=_types(self.page_fields),
            invalidated_by={Item: ALL},
        )

    def detail(self, pk: int) -> Any:
        return _without(super().detail(pk), self.fields)

    def page(self, group: int, order: str) -> Any:
        return _without(super().page(group, order), self.page_fields)


class NextRelease(Release):
    """The release after that."""

    fields = {"new": 2, "kind": "two"}
    page_fields = {"release": 2}


def _types(fields: dict[str, Any]) -> dict[str, str]:
    return {name: type(value).__name__ for name, value in fields.items()}


def _without(value: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a value that both releases have, with a mark if it has an unexpected shape."""
    every = {"old", "new", "kind", "release"}
    found = {name: part for name, part in value.items() if name in every}
    common = {name: part for name, part in value.items() if name not in every}
    return common if found == fields else common | {WRONG_SHAPE: True}
