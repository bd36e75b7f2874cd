"""Cursors that run each statement so that its changes are invalidated before another reader can see them.

=================================  ==========================================================================
a statement                        is run
=================================  ==========================================================================
in a transaction                   as it is: the commit invalidates (base.py)
that reads, autocommit             as it is
that writes, or calls a function   in a transaction of its own, so that there is a commit
that may write, autocommit
DO and CALL, autocommit            in a transaction of its own; if that fails because it commits by itself,
                                   again without one, with every declaration fenced
that may commit half-way           with every declaration fenced
that defines tables, autocommit    in a transaction of its own, unless PostgreSQL refuses that
=================================  ==========================================================================
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from django.db import DatabaseError, transaction
from django.db.backends import utils
from django.db.backends.postgresql import base

from caching.recovery.session import sqlstate
from caching.registry import declarations
from caching.write.commit import closed
from caching.write.statements import (
    FUNCTIONS,
    READS,
    WRITES,
    Kind,
    commits,
    kind_of,
    may_be_in_transaction,
)

COMMITS_BY_ITSELF = "2D000"  # invalid_transaction_termination
REFUSED_IN_TRANSACTION = "25001"  # active_sql_transaction

Execute = Callable[..., Any]


class WatchedCursor:
    """A mixin for both of Django's cursor wrappers that watches each statement."""

    cursor: Any
    db: Any

    def _execute(self, sql: Any, params: Any, *ignored: Any) -> Any:
        return self._watch(super()._execute, sql, params, *ignored)  # type: ignore[misc]  # of Django's wrapper

    def _executemany(self, sql: Any, param_list: Any, *ignored: Any) -> Any:
        return self._watch(super()._executemany, sql, param_list, *ignored)  # type: ignore[misc]  # as above

    def _watch(self, execute: Execute, sql: Any, *args: Any) -> Any:
        text = sql if type(sql) is str else _text(sql, self.cursor)
        kind = kind_of(text)
        db = self.db
        if kind is READS or (db.in_atomic_block and (kind is WRITES or kind is FUNCTIONS)):  # nearly all
            try:
                return execute(sql, *args)
            finally:
                if db.pending.has_news():
                    db.flush_after(kind)
        return self._watch_closely(execute, kind, sql, text, *args)

    def _watch_closely(self, execute: Execute, kind: Kind, sql: Any, text: str, *args: Any) -> Any:
        if kind & Kind.ENDS or not self.db.autocommits():
            with self._fenced(kind, text), self.db.watching(kind):
                return execute(sql, *args)
        if kind & (Kind.WRITES | Kind.FUNCTIONS):
            return self._in_transaction(execute, kind, sql, *args)
        if kind & (Kind.CALLS | Kind.DEFINES):
            return self._call(execute, kind, sql, text, *args)
        with self.db.watching(kind):
            return execute(sql, *args)

    def _in_transaction(self, execute: Execute, kind: Kind, sql: Any, *args: Any) -> Any:
        with transaction.atomic(using=self.db.alias), self.db.watching(kind):
            return execute(sql, *args)

    def _call(self, execute: Execute, kind: Kind, sql: Any, text: str, *args: Any) -> Any:
        code = None if may_be_in_transaction(text) else REFUSED_IN_TRANSACTION
        if code is None:
            try:
                return self._in_transaction(execute, kind, sql, *args)
            except DatabaseError as error:
                code = sqlstate(error.__cause__)
                if code not in {COMMITS_BY_ITSELF, REFUSED_IN_TRANSACTION}:
                    raise
            self.db.errors_occurred = False  # the connection itself is in order
        fenced = self._closed() if code == COMMITS_BY_ITSELF else contextlib.nullcontext()
        with fenced, self.db.watching(kind | Kind.ENDS):
            return execute(sql, *args)

    def _fenced(self, kind: Kind, text: str) -> contextlib.AbstractContextManager[None]:
        """Return a context manager that fences what a statement may commit."""
        if kind & Kind.ENDS and ";" in text.rstrip("; \n"):
            return self._closed()
        # Only if the transaction certainly ends: resolving routes also ends the deferral of constraints,
        # and the application may have more to write.
        return closed(self.db, None) if kind & Kind.ENDS and commits(text) else contextlib.nullcontext()

    def _closed(self) -> contextlib.AbstractContextManager[None]:
        return closed(self.db, {declared.group for declared in declarations(self.db.alias)})

    # --- What does not pass through Django's execute: COPY and procedures ---------------------------

    def copy_expert(self, sql: Any, file: Any, *args: Any) -> None:
        with self._copying():
            self.cursor.copy_expert(sql, file, *args)
            self.db.receive_notices()

    def copy_from(self, file: Any, table: str, *args: Any, **kwargs: Any) -> None:
        with self._copying():
            self.cursor.copy_from(file, table, *args, **kwargs)
            self.db.receive_notices()

    @contextlib.contextmanager
    def copy(self, *args: Any, **kwargs: Any) -> Iterator[Any]:
        with self._copying(), self.cursor.copy(*args, **kwargs) as copying:
            yield copying

    def callproc(self, *args: Any, **kwargs: Any) -> Any:
        with self._copying():
            return super().callproc(*args, **kwargs)  # type: ignore[misc]  # of Django's wrapper

    @contextlib.contextmanager
    def _copying(self) -> Iterator[None]:
        block = transaction.atomic(using=self.db.alias) if self.db.autocommits() else contextlib.nullcontext()
        with block, self.db.watching(WRITES):
            yield


class CursorWrapper(WatchedCursor, utils.CursorWrapper):
    """Django's, for the cache's connection."""


class CursorDebugWrapper(WatchedCursor, base.CursorDebugWrapper):
    """Django's, for the cache's connection."""


def _text(sql: Any, cursor: Any) -> str:
    if isinstance(sql, str):
        return sql
    if isinstance(sql, bytes):  # psycopg2.extras.execute_values
        return sql.decode(errors="replace")
    return str(sql.as_string(cursor))
