"""``SQL_LOG=1``: every statement with its time, on the logger ``django.db.backends``, also without DEBUG."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.backends.signals import connection_created

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


def log_statements() -> None:
    """Have each connection that is opened from now on log its statements."""
    connection_created.connect(_log_statements_of)


def _log_statements_of(connection: BaseDatabaseWrapper, **_: Any) -> None:
    connection.force_debug_cursor = True
