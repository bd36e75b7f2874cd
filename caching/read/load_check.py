"""With DEBUG and in tests, check that a load reads only tables that its declaration names.

The check reads the locks that the load's statements have taken in PostgreSQL, so it also finds tables
behind views and in functions. In a transaction that was open before, earlier statements may hold the same
locks, so the text of the statements is searched as well.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from django.apps import apps
from django.db import connections

from caching import conf
from caching.errors import UndeclaredTable

READ_TABLES = """
SELECT DISTINCT c.relname FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.mode = 'AccessShareLock'
AND c.relkind IN ('r', 'p', 'f', 'm') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
AND NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid)
"""
_NAMED = re.compile(r'\b(?:FROM|JOIN)\s+(?:ONLY\s+)?"?(\w+)"?', re.IGNORECASE)


class Source(Protocol):
    """A declaration, as loading and its check know it."""

    @property
    def key(self) -> str: ...
    @property
    def using(self) -> str: ...
    def declared_tables(self) -> set[str]: ...


@contextlib.contextmanager
def watching(source: Source) -> Iterator[None]:
    """Compare the tables that the block reads with those that ``source`` declares, if loads are checked.

    Raises:
        UndeclaredTable: a table is not declared; the message contains the line to write.
    """
    if not conf.get("CHECK_LOADS"):
        yield
        return
    connection = connections[source.using]
    before = _locked_tables(connection)
    statements: list[str] = []
    with connection.execute_wrapper(_collecting(statements)), _alone(source):
        yield
    read = _locked_tables(connection) - before
    if before:
        known = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
        read |= known & {name for text in statements for name in _NAMED.findall(text)}
    for table in sorted(read - source.declared_tables()):
        raise UndeclaredTable(
            f"{source.key}: its load reads {table}, which the declaration does not name. "
            f"Add to invalidated_by: {_name(table)}: ALL, or instead of ALL the path from its rows "
            "to the key's parameter."
        )


@contextlib.contextmanager
def _alone(source: Source) -> Iterator[None]:
    """Refuse statements on any other database, such as a replica that a router chooses: it may lag."""

    def refuse(*call: Any) -> Any:
        raise UndeclaredTable(
            f"{source.key}: its load reads the database {call[-1]['connection'].alias!r}, "
            f"whose commits do not invalidate values that are read from {source.using!r}."
        )

    with contextlib.ExitStack() as stack:
        for other in connections.all():
            if other.alias != source.using:
                stack.enter_context(other.execute_wrapper(refuse))
        yield


def _collecting(statements: list[str]) -> Callable[..., Any]:
    def collect(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        statements.append(str(sql))
        return execute(sql, params, many, context)

    return collect


def _locked_tables(connection: Any) -> set[str]:
    """Return the tables that the open transaction has read, without adding to the log of queries."""
    if connection.connection is None:
        return set()
    with connection.connection.cursor() as cursor:
        cursor.execute(READ_TABLES)
        return {name for (name,) in cursor.fetchall()}


def _name(table: str) -> str:
    models = apps.get_models(include_auto_created=True)
    return next((model.__name__ for model in models if model._meta.db_table == table), repr(table))
