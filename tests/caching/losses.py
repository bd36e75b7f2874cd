"""A COMMIT that succeeds although the client gets an error."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import OperationalError, connection, connections

from caching.testing import replaced


@contextlib.contextmanager
def lost_answer() -> Iterator[None]:
    """In the block, let each COMMIT succeed and lose its answer. The block must end in that error."""
    with replaced("COMMIT", commit_and_lose_the_connection), pytest.raises(OperationalError):
        yield
    connection.close()


def commit_and_lose_the_connection(wrapper: Any) -> None:
    """Replace ``_commit``: the server commits, and the client gets the error of a broken connection."""
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
