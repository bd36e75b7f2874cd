"""Deleting a row on which other rows depend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.problems.exceptions import Conflict
from core.references import describe_references

if TYPE_CHECKING:
    from django.db.models import Model


def delete_unreferenced(row: Model) -> None:
    """Delete a row that no protected foreign key points to.

    A row that is added between the count and the deletion is refused by the constraint, or refuses the
    deletion.

    Raises:
        Conflict: rows depend on it: how many, and of which kind.
    """
    if uses := describe_references(row):
        raise Conflict(f"This {row._meta.verbose_name} is in use by {uses}: delete or move them first.")
    row.delete()
