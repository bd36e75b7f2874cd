"""Clients in Django's admin."""

from __future__ import annotations

from django.contrib import admin

from clients.models import Client
from core.admin import AutocompleteAdmin, CountReferencesMixin, FewCountsMixin


@admin.register(Client)
class ClientAdmin(FewCountsMixin, CountReferencesMixin, AutocompleteAdmin):
    list_display = ["company_name", "user", "email", "full_address"]
    list_select_related = ["user"]
    search_fields = ["company_name", "user__username", "user__email"]
    autocomplete_fields = ["user"]

    @admin.display(ordering="user__email")
    def email(self, client: Client) -> str:
        return client.user.email
