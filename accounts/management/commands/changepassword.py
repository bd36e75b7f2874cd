"""``manage.py changepassword``: Django's, which finds the user by any form of the name."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.management.commands import changepassword

from accounts.names import find_user


class Command(changepassword.Command):
    def handle(self, *args: Any, **options: Any) -> str | None:
        user = find_user(options["username"] or "")
        if user is not None:
            options["username"] = user.get_username()
        message: str | None = super().handle(*args, **options)
        return message
