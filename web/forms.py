"""The forms of signing in, on the project's own page and in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from ratelimit.throttling import allow_attempt


class SignInForm(AuthenticationForm):
    """Limits the attempts of an address, on all pages together.

    They are not counted with requests for access tokens: another site can make a visitor's browser send
    those, and so use up the visitor's attempts. A page needs its CSRF token first.
    """

    def clean(self) -> dict[str, Any]:
        complete = {"username", "password"} <= self.cleaned_data.keys()
        if complete and self.request and not allow_attempt(self.request, "sign-in"):
            message = gettext("Too many attempts. Please try again in a minute.")
            raise ValidationError(message, code="too_many_attempts")
        return super().clean()


class AdminSignInForm(SignInForm, AdminAuthenticationForm):
    """The same for the admin, where only staff may sign in."""
