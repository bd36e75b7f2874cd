"""What the admin's pages of several apps share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin

from core.references import describe_references

if TYPE_CHECKING:
    from django.http import HttpRequest


class CountReferencesMixin:
    """A mixin for rows that others protect from deletion, perhaps a million: it counts them.

    Django's admin loads each of them to name it.
    """

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Return what a deletion takes and what forbids it."""
        uses = {row: describe_references(row) for row in objs}
        protected = [f"{row}: {text}" for row, text in uses.items() if text]
        if not protected:
            return super().get_deleted_objects(objs, request)  # type: ignore[misc]  # ModelAdmin's
        return [str(row) for row in uses], {}, set(), protected


class IssuedAdmin(admin.ModelAdmin):
    """Rows that come about by what users do: staff may only delete them."""

    list_select_related = ["user"]
    search_fields = ["user__username", "user__email"]

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002
        return False
