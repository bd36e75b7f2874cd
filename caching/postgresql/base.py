"""Django's PostgreSQL backend, whose commit carries out the cache's fences.

``ENGINE = "caching.postgresql"``. Nothing else differs; this precedes every ``on_commit`` callback,
so none of them can drop or reorder it.
"""

from __future__ import annotations

from typing import Any

from django.db.backends import utils
from django.db.backends.postgresql import base

from caching.guard import Guard
from caching.transaction import Changes


class CopyingMixin:
    """psycopg2's COPY goes past the execute wrappers, but not past the guard."""

    cursor: Any
    db: Any

    def copy_expert(self, sql: Any, file: Any, *args: Any) -> None:
        with self.db.guard.watching(sql, self.cursor):
            self.cursor.copy_expert(sql, file, *args)

    def copy_from(self, file: Any, table: str, *args: Any, **kwargs: Any) -> None:
        with self.db.guard.watching(f'COPY "{table}" FROM STDIN', self.cursor):
            self.cursor.copy_from(file, table, *args, **kwargs)


class CursorWrapper(CopyingMixin, utils.CursorWrapper):
    """Django's, with a guarded COPY."""


class CursorDebugWrapper(CopyingMixin, base.CursorDebugWrapper):
    """Django's, with a guarded COPY."""


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that knows what its transaction has touched."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.changes = Changes(self)
        self.guard = Guard(self.changes)
        self.execute_wrappers.append(self.guard)

    def make_cursor(self, cursor: Any) -> CursorWrapper:
        return CursorWrapper(cursor, self)

    def make_debug_cursor(self, cursor: Any) -> CursorDebugWrapper:
        return CursorDebugWrapper(cursor, self)

    def _commit(self) -> None:
        with self.changes.committing():
            super()._commit()  # type: ignore[misc]  # missing in the stubs

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]  # missing in the stubs
        finally:
            self.guard.reset()
            self.changes.discard()

    def savepoint_commit(self, sid: str) -> None:
        super().savepoint_commit(sid)
        self.changes.savepoint_released()

    def savepoint_rollback(self, sid: str) -> None:
        super().savepoint_rollback(sid)
        self.guard.reset()
        self.changes.savepoint_rolled_back()

    def close(self) -> None:
        try:
            super().close()
        finally:
            self.guard.reset()
            self.changes.discard()
