"""How a COMMIT that was carried out ends in an error."""

from __future__ import annotations

from typing import Any

from django.db import connections


def commit_and_lose_the_connection(wrapper: Any) -> None:
    """In place of ``_commit``: the server has committed, and the client sees a broken connection."""
    with wrapper.connection.cursor() as cursor:
        cursor.execute("COMMIT")
    _terminate(wrapper.connection.get_backend_pid())
    with wrapper.wrap_database_errors:
        wrapper.connection.commit()


def _terminate(pid: int) -> None:
    other = connections["default"].copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    finally:
        other.close()
