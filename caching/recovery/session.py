"""The watch thread's own database connection, separate from those of the application's threads."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from django.db import DatabaseError, connections
from django.db.utils import InterfaceError

from caching.errors import OutboxUnavailable

STATEMENT_TIMEOUT_MS = 1_000
CONNECT_TIMEOUT_SECONDS = 2


class Session:
    """A connection in autocommit that is opened when needed and kept open.

    It is made from Django's settings but is not one of Django's connections: no test wraps it in a
    transaction.
    """

    def __init__(self, alias: str) -> None:
        self.alias = alias
        self._wrapper: Any = None
        self._connection: Any = None

    def query(self, sql: str, params: Any = None) -> list[tuple[Any, ...]]:
        """Run one statement. Return its rows.

        Raises:
            OutboxUnavailable: the database does not answer in time, or returns an error.
        """
        with self._errors(), self._open().cursor() as cursor:
            cursor.execute(sql, params)
            return list(cursor.fetchall()) if cursor.description else []

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Run the statements of the block in one transaction."""
        self.query("BEGIN")  # separately: a driver that prepares statements accepts one at a time
        try:
            self.query(f"SET LOCAL statement_timeout TO {STATEMENT_TIMEOUT_MS}")
            yield
        except BaseException:
            with contextlib.suppress(OutboxUnavailable):
                self.query("ROLLBACK")
            raise
        self.query("COMMIT")

    def close(self) -> None:
        """Close the connection if it is open."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(Exception):  # whatever state it is in
                connection.close()

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            with self._django().wrap_database_errors:
                yield
        except (DatabaseError, InterfaceError) as error:
            if self._connection is None or self._connection.closed or not isinstance(error, DatabaseError):
                self.close()
            raise OutboxUnavailable(f"{self.alias}: {error}", sqlstate(error.__cause__)) from error

    def _django(self) -> Any:
        if self._wrapper is None:
            self._wrapper = connections[self.alias].copy()
            # The connections of a pool are the application's.
            self._wrapper.settings_dict["OPTIONS"].pop("pool", None)
        return self._wrapper

    def _open(self) -> Any:
        if self._connection is None or self._connection.closed:
            wrapper = self._django()
            own = {"connect_timeout": CONNECT_TIMEOUT_SECONDS, "application_name": "cache watch"}
            params = own | wrapper.get_connection_params()
            self._connection = wrapper.get_new_connection(params)
            self._connection.autocommit = True
            self._take_role()
        return self._connection

    def _take_role(self) -> None:
        role = self._django().settings_dict["OPTIONS"].get("assume_role")
        if role:
            with self._connection.cursor() as cursor:
                cursor.execute("SELECT set_config('role', %s, false)", [role])


def sqlstate(error: Any) -> str | None:
    """Return PostgreSQL's code of a driver's error: psycopg 3 and psycopg2 name the attribute differently."""
    return getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
