"""The audit log: who signed in, who failed to, what was refused. It contains no password and no token."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Protocol

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models.signals import post_delete, post_save

from accounts.models import AccessToken
from ratelimit.client_address import address_in, client_address

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.contrib.auth.models import User
    from django.http import HttpRequest

logger = logging.getLogger("audit")
MAX_NAME_CHARACTERS = 150
UNKNOWN = "-"


def connect() -> None:
    """Audit from now on."""
    user_logged_in.connect(log_sign_in)
    user_logged_out.connect(log_sign_out)
    user_login_failed.connect(log_failed_sign_in)
    post_save.connect(log_token, sender=AccessToken)
    post_delete.connect(log_end_of_token, sender=AccessToken)


def log_sign_in(request: HttpRequest | None, user: User, **_: Any) -> None:
    _log("signed in", request, user_id=user.pk)


def log_sign_out(request: HttpRequest | None, user: User | None, **_: Any) -> None:
    if user is not None:
        _log("signed out", request, user_id=user.pk)


def log_failed_sign_in(credentials: Mapping[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    """Log the name that was tried, escaped, as it may contain anything."""
    name = ascii(str(credentials.get("username", ""))[:MAX_NAME_CHARACTERS])
    _log(f"sign-in failed for {name}", request, username=name)


def log_token(instance: AccessToken, created: bool, **_: Any) -> None:
    if created:
        _log("access token issued", None, user_id=instance.user_id)


def log_end_of_token(instance: AccessToken, **_: Any) -> None:
    _log("access token ended", None, user_id=instance.user_id)


def log_refusal(response: Refused, meta: Mapping[str, Any], user_id: int | None) -> None:
    """Log a request that was refused: 401, 403 or 429."""
    text = f"refused with {response.status}: {response.method} {response.route}"
    _write(text, address_in(meta), user_id=user_id, status=response.status, route=response.route)


class Refused(Protocol):
    """A response, as monitoring/middleware.py has it."""

    @property
    def method(self) -> str: ...
    @property
    def route(self) -> str: ...
    @property
    def status(self) -> int: ...


def _log(event: str, request: HttpRequest | None, **fields: Any) -> None:
    _write(event, UNKNOWN if request is None else client_address(request), **fields)


def _write(event: str, address: str, **fields: Any) -> None:
    user = fields.get("user_id") or UNKNOWN
    extra = {"event": event, "address": address, **fields}
    logger.info("%s user=%s address=%s", event, user, address, extra=extra)
