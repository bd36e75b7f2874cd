"""Clients in Django's admin, and what holds for whatever subscriptions hold on to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin

from clients.models import Client

if TYPE_CHECKING:
    from django.http import HttpRequest


class SubscribedAdmin(admin.ModelAdmin):
    """For rows that subscriptions hold on to, of which there may be a million."""

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What a deletion takes and what forbids it. Django's would load every subscription to name it."""
        counts = {row: row.subscriptions.count() for row in objs}
        if not any(counts.values()):
            return super().get_deleted_objects(objs, request)
        protected = [f"{row}: {count} subscriptions" for row, count in counts.items() if count]
        return [str(row) for row in counts], {}, set(), protected


@admin.register(Client)
class ClientAdmin(SubscribedAdmin):
    list_display = ["company_name", "user", "email", "full_address"]
    list_select_related = ["user"]
    search_fields = ["company_name", "user__username", "user__email"]
    autocomplete_fields = ["user"]

    @admin.display(ordering="user__email")
    def email(self, client: Client) -> str:
        return client.user.email
