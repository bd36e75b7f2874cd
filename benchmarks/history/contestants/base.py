"""What a contestant is asked to do; this one caches nothing, and shows what the harness itself sees."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import QuerySet

TTL_SECONDS = 300
LEDGER = "benchmarks.history.ledger.apps.LedgerConfig"


class Contestant:
    """Reads the four cached things, and hears of writes in whatever way its users are told to use.

    Attributes:
        engine: of the database.
        apps: INSTALLED_APPS.
        settings: of its own.
    """

    engine = "django.db.backends.postgresql"
    apps: tuple[str, ...] = (LEDGER,)
    settings: Mapping[str, Any] = {}

    def connect(self) -> None:
        """Connect receivers; the models are ready."""

    def detail(self, pk: int) -> Any:
        """``load_detail`` through the cache."""
        from benchmarks.history.ledger.loads import load_detail

        return load_detail(pk)

    def page(self, group: int, order: str) -> Any:
        """``load_page`` through the cache."""
        from benchmarks.history.ledger.loads import load_page

        return load_page(group, order)

    def owner(self, pk: int) -> Any:
        """``load_owner`` through the cache."""
        from benchmarks.history.ledger.loads import load_owner

        return load_owner(pk)

    def total(self) -> Any:
        """``load_total`` through the cache."""
        from benchmarks.history.ledger.loads import load_total

        return load_total()

    def update(self, queryset: QuerySet[Any], **values: Any) -> int:
        """``queryset.update``, or what its documentation puts in its place."""
        return queryset.update(**values)

    def changed(self, pks: Iterable[int]) -> None:
        """A careful developer's line after ``update()``, ``bulk_update`` and raw SQL."""
