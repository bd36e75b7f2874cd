"""Django's PostgreSQL backend, whose commit carries out the cache's fences.

``ENGINE = "caching.postgresql"``. It differs from Django's in two places only: a commit fences what the
transaction has changed, and in autocommit a statement that writes gets a transaction of its own, so that
there is a commit. The commit precedes every ``on_commit`` callback, so none of them can drop or reorder it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from django.db import DatabaseError, Error, transaction
from django.db.backends import utils
from django.db.backends.postgresql import base
from django.db.backends.postgresql.creation import DatabaseCreation
from django.db.backends.postgresql.psycopg_any import is_psycopg3

from caching.gateway import get_gateway
from caching.registry import declarations
from caching.write.commit import committing
from caching.write.pending import PendingInvalidations
from caching.write.statements import Kind, kind_of

IDLE, IN_ERROR = 0, 3  # libpq's states of a transaction


class CopyMixin:
    """COPY goes past Django's execute wrappers, but not past the cache."""

    cursor: Any
    db: Any

    def copy_expert(self, sql: Any, file: Any, *args: Any) -> None:
        with self.db.watching("COPY"):
            self.cursor.copy_expert(sql, file, *args)
            self.db.receive_notices()

    def copy_from(self, file: Any, table: str, *args: Any, **kwargs: Any) -> None:
        with self.db.watching("COPY"):
            self.cursor.copy_from(file, table, *args, **kwargs)
            self.db.receive_notices()

    @contextlib.contextmanager
    def copy(self, *args: Any, **kwargs: Any) -> Iterator[Any]:
        with self.db.watching("COPY"), self.cursor.copy(*args, **kwargs) as copying:
            yield copying

    def callproc(self, *args: Any, **kwargs: Any) -> Any:
        with self.db.watching("SELECT"):
            return super().callproc(*args, **kwargs)  # type: ignore[misc]  # of Django's wrapper


class CursorWrapper(CopyMixin, utils.CursorWrapper):
    """Django's, for the cache's connection."""


class CursorDebugWrapper(CopyMixin, base.CursorDebugWrapper):
    """Django's, for the cache's connection."""


class Creation(DatabaseCreation):
    """Django's, which lets go of a test database before it is dropped."""

    def _destroy_test_db(self, *args: Any, **kwargs: Any) -> None:
        get_gateway().watch.stop()
        super()._destroy_test_db(*args, **kwargs)  # type: ignore[misc]  # missing in the stubs


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that knows what its transaction has changed."""

    creation_class = Creation

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pending = PendingInvalidations(self)
        self.execute_wrappers.append(self._execute)

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        if is_psycopg3:
            notices = self.pending.notices
            connection.add_notice_handler(lambda notice: notices.append(notice.message_primary or ""))
        else:
            connection.notices = self.pending.notices
        return connection

    def make_cursor(self, cursor: Any) -> CursorWrapper:
        return CursorWrapper(cursor, self)

    def make_debug_cursor(self, cursor: Any) -> CursorDebugWrapper:
        return CursorDebugWrapper(cursor, self)

    # --- Statements -----------------------------------------------------------------------------

    def is_idle(self) -> bool:
        """Return whether the server is in no transaction, whatever Django believes."""
        return self.connection is None or bool(self.connection.info.transaction_status == IDLE)

    def _execute(
        self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        with self.watching(_text(sql, context["cursor"].cursor)):
            return execute(sql, params, many, context)

    @contextlib.contextmanager
    def watching(self, sql: str) -> Iterator[None]:
        """Run a statement in the block; invalidate what it has changed where no commit will."""
        kind = kind_of(sql)
        if kind & Kind.ISOLATION:
            self.pending.note_isolation(for_session=bool(kind & Kind.SESSION))
        block: contextlib.AbstractContextManager[Any] = contextlib.nullcontext()
        if kind & Kind.WRITES and not kind & Kind.ENDS and self._autocommits():
            block = transaction.atomic(using=self.alias)
        with block, self._flushing(kind):
            yield

    @contextlib.contextmanager
    def _flushing(self, kind: Kind) -> Iterator[None]:
        try:
            yield
        finally:
            try:
                self._flush_after(kind)
            except BaseException:  # a signal's, in the middle: what is committed must be invalidated
                self._flush_after(kind)
                raise

    def _autocommits(self) -> bool:
        return not self.in_atomic_block and self.autocommit and self.is_idle()

    def _flush_after(self, kind: Kind) -> None:
        if kind & Kind.DEFINES:
            self._everything_may_have_changed()
        if not self.pending:
            return
        if not self.pending.in_transaction() or self.is_idle():
            self.pending.flush()
        elif kind & Kind.ENDS:  # a transaction may have ended within, and another have begun
            self.pending.flush(keep=True)

    def _everything_may_have_changed(self) -> None:
        """A table may be another one now, or have lost its triggers."""
        for declared in declarations(self.alias):
            self.pending.invalidate(declared.group, declared.group)
        get_gateway().watch.recheck_triggers()

    def receive_notices(self) -> None:
        """Read what the server has sent beside the answer to COPY."""
        if not is_psycopg3:
            with self.connection.cursor() as cursor:
                cursor.execute("SELECT 1")

    # --- Transactions ---------------------------------------------------------------------------

    def _commit(self) -> None:
        if self.connection is None:
            return
        if self.connection.info.transaction_status == IN_ERROR:  # COMMIT rolls back
            super()._commit()  # type: ignore[misc]  # missing in the stubs
            self.pending.rolled_back()
            return
        try:
            with committing(self):
                super()._commit()  # type: ignore[misc]  # missing in the stubs
        except DatabaseError:
            raise  # Django rolls back
        except BaseException:  # a signal's, before the COMMIT: Django would leave the transaction open
            self._roll_back_what_is_open()
            raise

    def _roll_back_what_is_open(self) -> None:
        if self.is_idle():
            return
        try:
            self.rollback()
        except Error:
            self.close()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]  # missing in the stubs
        finally:
            self.pending.rolled_back()

    def savepoint_commit(self, sid: str) -> None:
        super().savepoint_commit(sid)
        if not self.pending.in_transaction():  # in a test the end of its own block stands for the commit
            self.pending.flush()

    def savepoint_rollback(self, sid: str) -> None:
        super().savepoint_rollback(sid)
        if not self.pending.in_transaction():
            self.pending.forget_test()

    def close(self) -> None:
        try:
            if self.is_idle() and self.pending and not self.pending.in_transaction():
                self.pending.flush()  # of the driver's own cursor
        finally:
            self._close_and_forget()

    def _close_and_forget(self) -> None:
        try:
            super().close()
        finally:
            self.pending.rolled_back()


def _text(sql: Any, cursor: Any) -> str:
    if isinstance(sql, str):
        return sql
    if isinstance(sql, bytes):  # psycopg2.extras.execute_values
        return sql.decode(errors="replace")
    return str(sql.as_string(cursor))
