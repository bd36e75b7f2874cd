"""``manage.py createsuperuser``: Django's, where names are the same whatever their case and Unicode form."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.management.commands import createsuperuser
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.db import IntegrityError

from accounts.names import TAKEN, is_taken, violated_field
from core.names import validate_visible


class Command(createsuperuser.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        try:
            super().handle(*args, **options)
        except IntegrityError as error:  # the e-mail, or a name that was taken since
            field = violated_field(error)
            if field is None:
                raise
            raise CommandError(str(TAKEN[field])) from error

    def _validate_username(self, username: str, verbose_field_name: str, database: str) -> str | None:
        """Return why the name cannot be had, None if it can. With a terminal Django asks again."""
        reason: str | None = super()._validate_username(username, verbose_field_name, database)  # type: ignore[misc]  # Django's
        if reason is not None:
            return reason
        try:
            validate_visible(username)
        except ValidationError as error:
            return "; ".join(error.messages)
        return str(TAKEN["username"]) if is_taken("username", username) else None
