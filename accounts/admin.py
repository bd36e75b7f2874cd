"""Access tokens in the admin: staff may look at them and end them."""

from __future__ import annotations

from django.contrib import admin

from accounts.models import AccessToken
from core.admin import IssuedAdmin


@admin.register(AccessToken)
class AccessTokenAdmin(IssuedAdmin):
    list_display = ["user", "created_at"]
    date_hierarchy = "created_at"
