"""The forms of accounts: signing up and passwords on pages, users in the admin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.forms import SetPasswordForm, UserCreationForm
from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

from accounts.names import TAKEN, is_taken, normalize_address
from core.names import INVISIBLE_NAME, name_key

if TYPE_CHECKING:
    from rest_framework.exceptions import ValidationError


class UniqueNames:
    """A mixin for forms: names are normalised, and compared as the database compares them."""

    def clean(self) -> dict[str, Any]:
        form: Any = self
        cleaned: dict[str, Any] = super().clean() or form.cleaned_data  # type: ignore[misc]
        if cleaned.get("email"):
            cleaned["email"] = normalize_address(cleaned["email"])
        for field in TAKEN:
            value = cleaned.get(field)
            if value and not name_key(value):
                form.add_error(field, INVISIBLE_NAME)
            elif value and is_taken(field, value, except_user=form.instance.pk or 0):
                form.add_error(field, TAKEN[field])
        return cleaned


class SignUpForm(UniqueNames, UserCreationForm):  # type: ignore[type-arg]  # no such thing at run time
    email = forms.EmailField(label=_("E-mail address"), max_length=254, widget=forms.EmailInput)

    class Meta(UserCreationForm.Meta):
        model = User
        fields = ("username", "email")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].widget.attrs["autocomplete"] = "email"

    def values(self) -> dict[str, str]:
        """Return what ``register_user`` takes."""
        cleaned = self.cleaned_data
        names = {name: cleaned[name] for name in ("username", "email")}
        return {**names, "password": cleaned["password1"]}


class ResetForm(forms.Form):
    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True}),
    )

    def clean_email(self) -> str:
        return normalize_address(self.cleaned_data["email"])


class NewPasswordForm(SetPasswordForm):  # type: ignore[type-arg]  # no such thing at run time
    """A new password, twice."""


class ChangePasswordForm(NewPasswordForm):
    """The present password, which is checked where the new one is set, and the new one twice."""

    current_password = forms.CharField(
        label=_("Present password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )
    field_order = ["current_password", "new_password1", "new_password2"]


def add_errors(form: forms.Form | SignUpForm, error: ValidationError) -> None:
    """Show in a form what an action refused."""
    details: Any = error.detail
    for name, messages in details.items():
        field = {"new_password": "new_password1", "password": "password1"}.get(name, name)
        form.add_error(field, [str(message) for message in messages])
