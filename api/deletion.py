"""Deleting a row on which other rows depend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import PROTECT, RESTRICT, ForeignKey

from api.problems.exceptions import Conflict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import Model


def delete_unreferenced(row: Model) -> None:
    """Delete a row that no protected foreign key points to.

    Django would load all the rows that protect it, perhaps a million, only to name them. A row that is
    added between the count and the deletion is refused by the constraint, or refuses the deletion.

    Raises:
        Conflict: rows depend on it: how many, and of which kind.
    """
    uses = [f"{count} {name}" for name, count in references(row) if count]
    if uses:
        kind = row._meta.verbose_name
        raise Conflict(f"This {kind} is in use by {', '.join(uses)}: delete or move them first.")
    row.delete()


def references(row: Model) -> Iterator[tuple[str, int]]:
    """Yield the name and the number of the rows that protect this one from deletion."""
    for relation in row._meta.related_objects:
        field = relation.field
        if isinstance(field, ForeignKey) and field.remote_field.on_delete in {PROTECT, RESTRICT}:
            model = relation.related_model
            count = model._base_manager.filter(**{field.name: row}).count()
            yield str(model._meta.verbose_name_plural), count
