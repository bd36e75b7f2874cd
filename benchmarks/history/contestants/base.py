"""The interface of contestants. The base class caches nothing, so its results show the harness itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import QuerySet

TTL_SECONDS = 300
LEDGER = "benchmarks.history.ledger.apps.LedgerConfig"


class Contestant:
    """Reads the four kinds of value, and is informed of writes as its documentation prescribes.

    Attributes:
        engine: the engine of the database.
        apps: its entries in INSTALLED_APPS.
        settings: its own settings.
        conn_max_age: CONN_MAX_AGE of its database.
    """

    engine = "django.db.backends.postgresql"
    apps: tuple[str, ...] = (LEDGER,)
    settings: Mapping[str, Any] = {}
    conn_max_age: int | None = None

    def connect(self) -> None:
        """Connect receivers, when the models are loaded."""

    def detail(self, pk: int) -> Any:
        """Return the result of ``load_detail`` through the cache."""
        from benchmarks.history.ledger.loads import load_detail

        return load_detail(pk)

    def page(self, group: int, order: str) -> Any:
        """Return the result of ``load_page`` through the cache."""
        from benchmarks.history.ledger.loads import load_page

        return load_page(group, order)

    def owner(self, pk: int) -> Any:
        """Return the result of ``load_owner`` through the cache."""
        from benchmarks.history.ledger.loads import load_owner

        return load_owner(pk)

    def total(self) -> Any:
        """Return the result of ``load_total`` through the cache."""
        from benchmarks.history.ledger.loads import load_total

        return load_total()

    def update(self, queryset: QuerySet[Any], **values: Any) -> int:
        """Call ``queryset.update``, or what the cache's documentation prescribes in its place."""
        return queryset.update(**values)

    def changed(self, pks: Iterable[int]) -> None:
        """Invalidate by hand, as a careful developer does after ``update()``, ``bulk_update`` and raw SQL."""
