"""Signing in on a page, Syllabus' own or the admin's."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from api.throttling import may_try


class SignInForm(AuthenticationForm):
    """Grants an address as many attempts as the API does for a token, counted together with those."""

    def clean(self) -> dict[str, Any]:
        if self.request and not may_try(self.request, "auth-token"):
            message = gettext("Too many attempts. Please try again in a minute.")
            raise ValidationError(message, code="too_many_attempts")
        return super().clean()


class AdminSignInForm(SignInForm, AdminAuthenticationForm):
    """The same for the admin, which lets staff in only."""
