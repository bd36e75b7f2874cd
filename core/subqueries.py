"""Counts made by the statement that reads the rows: one state of the table, not two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Count, F, Func, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet


def count_of(model: type[Model], parent: str) -> Coalesce:
    """Number of ``model``'s rows whose ``parent`` (a field or a path) is the row of the query."""
    rows = model._default_manager.filter(**{parent: OuterRef("pk")}).order_by()
    counted = rows.values(parent).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def total_of(rows: QuerySet[Any]) -> Subquery:
    """Number of all ``rows``, beside each row of one page of them."""
    counted = rows.order_by().annotate(n=Func(F("pk"), function="COUNT", output_field=IntegerField()))
    return Subquery(counted.values("n"))
