"""Django's PostgreSQL backend with a commit that invalidates what the transaction has changed.

``ENGINE = "caching.postgresql"``. It differs from Django's in two respects: a commit fences the targets of
the changes, and in autocommit a statement that writes runs in a transaction of its own, so that there is a
commit (cursors.py). The commit precedes every ``on_commit`` callback, so no callback can drop or reorder it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from django.db import DatabaseError, Error
from django.db.backends.postgresql import base
from django.db.backends.postgresql.creation import DatabaseCreation
from django.db.backends.postgresql.psycopg_any import is_psycopg3

from caching.gateway import get_gateway
from caching.postgresql import deferred
from caching.postgresql.cursors import CursorDebugWrapper, CursorWrapper
from caching.registry import declarations
from caching.write.commit import committing
from caching.write.pending import PendingInvalidations
from caching.write.statements import Kind

IDLE, IN_ERROR = 0, 3  # libpq's states of a transaction


class Creation(DatabaseCreation):
    """Django's, which also closes the cache's connections to a test database before it is dropped."""

    def _destroy_test_db(self, *args: Any, **kwargs: Any) -> None:
        get_gateway().watch.stop()
        super()._destroy_test_db(*args, **kwargs)  # type: ignore[misc]  # missing in the stubs


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that records what its transaction has changed."""

    creation_class = Creation

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pending = PendingInvalidations(self)
        self._is_interrupted = False  # by a signal, in a commit

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        if is_psycopg3:
            connection.add_notice_handler(self._receive)
        else:
            connection.notices = self.pending.notices
        return connection

    def _receive(self, notice: Any) -> None:
        self.pending.notices.append(notice.message_primary or "")

    def _close(self) -> None:
        if is_psycopg3 and self.connection is not None:
            self.connection.remove_notice_handler(self._receive)  # a pool may give it to another thread
        super()._close()  # type: ignore[misc]  # missing in the stubs

    def make_cursor(self, cursor: Any) -> CursorWrapper:
        return CursorWrapper(cursor, self)

    def make_debug_cursor(self, cursor: Any) -> CursorDebugWrapper:
        return CursorDebugWrapper(cursor, self)

    # --- Statements -----------------------------------------------------------------------------

    def is_idle(self) -> bool:
        """Return whether the server is in no transaction, whatever Django's own state is."""
        return self.connection is None or bool(self.connection.info.transaction_status == IDLE)

    def is_in_error(self) -> bool:
        """Return whether the server's transaction can only be rolled back."""
        return self.connection is not None and self.connection.info.transaction_status == IN_ERROR

    @contextlib.contextmanager
    def watching(self, kind: Kind) -> Iterator[None]:
        """Run a statement in the block; then invalidate what it has changed, if no commit is going to."""
        if kind & Kind.ISOLATION:
            self.pending.note_isolation(for_session=bool(kind & Kind.SESSION))
        try:
            yield
        finally:
            try:
                self.flush_after(kind)
            except BaseException:  # also one that a signal raises: what is committed must be invalidated
                self.flush_after(kind)
                raise

    def autocommits(self) -> bool:
        """Return whether a statement would run as a transaction of its own."""
        return not self.in_atomic_block and self.autocommit and self.is_idle()

    def flush_after(self, kind: Kind) -> None:
        """Invalidate what a statement has changed, unless a commit is going to."""
        if kind & Kind.DEFINES:
            self._everything_may_have_changed()
        if not self.pending:
            return
        if not self.pending.in_transaction() or self.is_idle():
            self.pending.flush()
        elif kind & Kind.ENDS:  # it may have ended the transaction and begun another one
            self.pending.flush(keep=True)

    def _everything_may_have_changed(self) -> None:
        """Invalidate every value: a table may have been replaced, or its triggers dropped."""
        for declared in declarations(self.alias):
            self.pending.invalidate(declared.group, declared.group)
        deferred.recheck()
        get_gateway().watch.recheck_triggers()

    def receive_notices(self) -> None:
        """Read the notices that the server has sent with its answer to COPY."""
        if not is_psycopg3:
            with self.connection.cursor() as cursor:
                cursor.execute("SELECT 1")

    # --- Transactions ---------------------------------------------------------------------------

    def _commit(self) -> None:
        if self.connection is None:
            return
        if self.is_in_error():  # COMMIT rolls back
            super()._commit()  # type: ignore[misc]  # missing in the stubs
            self.pending.rolled_back()
            return
        try:
            with committing(self):
                super()._commit()  # type: ignore[misc]  # missing in the stubs
        except DatabaseError:
            raise  # Django rolls back
        except BaseException:
            self._is_interrupted = not self.is_idle()
            raise
        self._is_interrupted = False

    def set_autocommit(self, autocommit: bool, *args: Any, **kwargs: Any) -> None:
        """Set autocommit as Django does, but first end a transaction whose commit a signal has interrupted.

        ``atomic`` does not end it, so later statements would become part of it.
        """
        if autocommit and self._is_interrupted and not self.is_idle():
            self._roll_back_or_close()
        super().set_autocommit(autocommit, *args, **kwargs)

    def _roll_back_or_close(self) -> None:
        try:
            self.rollback()
        except Error:
            self.close()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]  # missing in the stubs
        finally:
            self._is_interrupted = False
            self.pending.rolled_back()

    def savepoint_commit(self, sid: str) -> None:
        super().savepoint_commit(sid)
        if not self.pending.in_transaction():  # in a test the end of its own block acts as the commit
            self.pending.flush()

    def savepoint_rollback(self, sid: str) -> None:
        super().savepoint_rollback(sid)
        if not self.pending.in_transaction():
            self.pending.remove_test_values()

    def close(self) -> None:
        try:
            if self.is_idle() and self.pending and not self.pending.in_transaction():
                self.pending.flush()  # changes made by a cursor of the driver's own
        finally:
            self._close_and_clear()

    def _close_and_clear(self) -> None:
        try:
            super().close()
        finally:
            self.pending.rolled_back()
