"""Clients in Django's admin."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from clients.models import Client
from core.admin import CountReferencesMixin, FewCountsMixin, ModelAdmin


@admin.register(Client)
class ClientAdmin(FewCountsMixin, CountReferencesMixin, ModelAdmin):
    list_display = ["company_name", "user", "email", "full_address"]
    list_select_related = ["user"]
    list_filter = ["user__is_active"]
    search_fields = ["company_name", "user__username", "user__email"]
    autocomplete_fields = ["user"]

    @admin.display(description=_("e-mail"), ordering="user__email")
    def email(self, client: Client) -> str:
        return client.user.email
