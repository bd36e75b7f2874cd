"""Tokens and links in the admin: to be looked at and taken away, never made or read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin

from accounts.models import AccessToken, LinkToken, TelegramAccount

if TYPE_CHECKING:
    from django.http import HttpRequest


class IssuedAdmin(admin.ModelAdmin):
    """Rows that come about by what users do: staff may only delete them."""

    list_select_related = ["user"]
    search_fields = ["user__username", "user__email"]

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002
        return False


@admin.register(AccessToken)
class AccessTokenAdmin(IssuedAdmin):
    list_display = ["user", "created_at"]
    date_hierarchy = "created_at"


@admin.register(LinkToken)
class LinkTokenAdmin(IssuedAdmin):
    list_display = ["user", "expires_at"]


@admin.register(TelegramAccount)
class TelegramAccountAdmin(IssuedAdmin):
    list_display = ["user", "telegram_id", "linked_at"]
    search_fields = [*IssuedAdmin.search_fields, "=telegram_id"]
