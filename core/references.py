"""Rows that protect another row from deletion, counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import PROTECT, RESTRICT, ForeignKey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import Model


def describe_references(row: Model) -> str:
    """Return which rows protect this one and how many, such as ``3 subscriptions``; empty for none.

    Django would load all of them, perhaps a million, only to name them.
    """
    return ", ".join(f"{count} {name}" for name, count in references(row) if count)


def references(row: Model) -> Iterator[tuple[str, int]]:
    """Yield the name and the number of the rows that protect this one from deletion."""
    for relation in row._meta.related_objects:
        field = relation.field
        if isinstance(field, ForeignKey) and field.remote_field.on_delete in {PROTECT, RESTRICT}:
            model = relation.related_model
            count = model._base_manager.filter(**{field.name: row}).count()
            name = model._meta.verbose_name if count == 1 else model._meta.verbose_name_plural
            yield str(name), count
