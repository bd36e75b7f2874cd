"""A system check of the mail backend: a wrong one would fail at the first mail only."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.utils.module_loading import import_string


def check_email_backend(**_: Any) -> list[CheckMessage]:
    try:
        import_string(settings.EMAIL_BACKEND)
    except ImportError as error:
        return [Error(f"EMAIL_BACKEND: {error}", id="messaging.E001")]
    return []
