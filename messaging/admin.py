"""Telegram links in the admin: staff may look at them and take them away."""

from __future__ import annotations

from django.contrib import admin

from core.admin import IssuedAdmin
from messaging.models import LinkToken, TelegramAccount


@admin.register(LinkToken)
class LinkTokenAdmin(IssuedAdmin):
    list_display = ["user", "expires_at"]


@admin.register(TelegramAccount)
class TelegramAccountAdmin(IssuedAdmin):
    list_display = ["user", "telegram_id", "linked_at"]
    search_fields = [*IssuedAdmin.search_fields, "=telegram_id"]
