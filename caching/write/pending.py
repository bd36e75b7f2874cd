"""The invalidations that the commit of a connection's open transaction will make.

The database reports each change within the answer to the statement (changes.py), and receivers may add
targets. The commit invalidates all of them (commit.py). To invalidate too much is safe: the rollback of a
savepoint removes nothing.
"""

from __future__ import annotations

import contextlib
import logging
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol, cast

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, transaction
from django.db.backends.postgresql.psycopg_any import IsolationLevel

from caching import metrics
from caching.errors import RedisUnavailable
from caching.gateway import get_gateway
from caching.recovery import outbox
from caching.registry import declarations
from caching.testing import environment
from caching.write import resolve
from caching.write.changes import Changes, read_report

if TYPE_CHECKING:
    from caching.keys import Target

MAX_KEYS = resolve.MAX_KEYS
OLDER_SNAPSHOTS = (IsolationLevel.REPEATABLE_READ, IsolationLevel.SERIALIZABLE)

LIKE_A_NEW_READER = (
    "SELECT current_setting('transaction_isolation') IN ('read committed', 'read uncommitted'),"
    " txid_current_if_assigned() IS NULL"
)


logger = logging.getLogger(__name__)


class Connection(Protocol):
    """Django's connection, as this module uses it."""

    alias: str
    connection: Any
    in_atomic_block: bool
    atomic_blocks: list[Any]
    autocommit: bool
    pending: PendingInvalidations

    @property
    def wrap_database_errors(self) -> contextlib.AbstractContextManager[None]: ...
    def ensure_connection(self) -> None: ...
    def is_idle(self) -> bool: ...
    def is_in_error(self) -> bool: ...


class PendingInvalidations:
    """The changes on one database connection since its last commit.

    Attributes:
        in_snapshot: whether the open transaction is one of ``snapshot``, which cannot write.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.notices: deque[str] = deque()  # the driver appends what PostgreSQL sends
        self._changes = Changes()
        self._targets: dict[Target, Target] = {}  # each with its group
        self._filled_in_test: set[Target] = set()
        self.in_snapshot = False
        self._transaction_isolated = False
        self._session_isolated = False

    # --- For readers --------------------------------------------------------------------------

    def must_bypass(self) -> bool:
        """Return whether this connection may see a different state than other readers."""
        if self._connection.connection is None:
            return False
        if self.has_news() and self:
            if self.in_transaction():
                return True
            self.flush()
            if self:
                return True
        return self.in_snapshot or self._isolated()

    def _isolated(self) -> bool:
        if not self.in_transaction():
            return False
        above = self._connection.connection.isolation_level in OLDER_SNAPSHOTS
        return above or self._transaction_isolated or self._session_isolated

    def may_store(self) -> bool:
        """Return whether an open transaction reads what a new one would read. This queries the server.

        Isolation may have been raised without a statement (ALTER ROLE), and rows may have been written
        that no trigger reports.
        """
        if not self.in_transaction():
            return True
        with self._connection.wrap_database_errors, self._connection.connection.cursor() as cursor:
            cursor.execute(LIKE_A_NEW_READER)
            read_committed, unwritten = cursor.fetchone()
        return bool(read_committed and (unwritten or self._in_test()))

    def note_isolation(self, *, for_session: bool) -> None:
        """Record that a statement has set the isolation, so that reads may see an older snapshot."""
        self._transaction_isolated = True
        self._session_isolated |= for_session

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """Run the block on one snapshot, unless a transaction is open already."""
        connection = self._connection
        connection.ensure_connection()  # only an opened connection knows whether it autocommits
        if connection.in_atomic_block or not connection.autocommit or not connection.is_idle():
            yield
            return
        try:
            with transaction.atomic(using=connection.alias):
                with connection.wrap_database_errors, connection.connection.cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                self.in_snapshot = True
                yield
        finally:
            self.in_snapshot = False

    # --- For receivers and the execute wrapper --------------------------------------------------

    def invalidate(self, target: Target, group: Target) -> None:
        """Let the commit invalidate ``target``, a part of ``group``."""
        self._targets[target] = group
        if not self.in_transaction():
            self.flush()

    def has_news(self) -> bool:
        """Return whether there may be something to invalidate. Cheap: called after each statement."""
        return bool(self.notices or self._targets or self._changes)

    def __bool__(self) -> bool:
        """Return whether there is something to invalidate. Reads the notices that the driver has received."""
        while self.notices:
            self._read(self.notices[0])
            self.notices.popleft()  # not before: after an interruption the notice is read again
        return bool(self._targets or self._changes)

    def _read(self, notice: str) -> None:
        try:
            report = read_report(notice)
        except ValueError as error:
            logger.warning("everything may have changed: %s", error)
            self._targets.update({each.group: each.group for each in declarations(self._connection.alias)})
        else:
            if report is not None:
                self._changes.add(report)

    # --- Transactions ---------------------------------------------------------------------------

    def in_transaction(self) -> bool:
        """Return whether a commit follows. The end of a TestCase's block around a test is not a commit."""
        connection = self._connection
        if connection.in_atomic_block:
            return not all(environment.is_tests_own(block) for block in connection.atomic_blocks)
        return connection.connection is not None and not (connection.autocommit and connection.is_idle())

    def _in_test(self) -> bool:
        return any(environment.is_tests_own(block) for block in self._connection.atomic_blocks)

    @property
    def transaction_id(self) -> str:
        """PostgreSQL's id of the transaction that made the changes; empty if there are none."""
        return self._changes.transaction

    def targets(self, *, lock: bool) -> set[Target]:
        """Return the targets to invalidate, and count them.

        Args:
            lock: the transaction is about to commit; lock the rows on the routes until then.
        """
        if not self:
            return set()
        by_group: dict[Target, set[Target]] = {}
        found = resolve.targets(self._changes, self._connection, lock=lock)
        for target, group in found | set(self._targets.items()):
            by_group.setdefault(group, set()).add(target)
        for group in by_group:
            metrics.count(group.key, "invalidations")
        whole = {group for group, found in by_group.items() if group in found or len(found) > MAX_KEYS}
        return whole.union(*(found for group, found in by_group.items() if group not in whole))

    def flush(self, *, keep: bool = False) -> None:
        """Invalidate at once: the changes are committed, may be committed, or belong to a test.

        Args:
            keep: the transaction may continue, and its commit must invalidate again.
        """
        if not self:
            return
        targets = self._committed_targets()
        try:
            get_gateway().drop(targets)
        except RedisUnavailable:
            if self._in_test():
                return  # stays pending: an outbox of the test's own would be rolled back
            self._record(targets)
        if not keep:
            self._clear()  # not before: after an interruption the flush must be repeated

    def _committed_targets(self) -> set[Target]:
        idle = self._connection.is_idle()
        try:
            return self.targets(lock=False)
        except DatabaseError:  # the connection cannot run queries any more
            groups = {each.group for _, each in self._changes.dependents()}
            return groups | set(self._targets)
        finally:
            if idle and not self._connection.is_idle():
                self._connection.connection.rollback()  # the driver began a transaction for the queries

    def _record(self, targets: set[Target]) -> None:
        idle = self._connection.is_idle()
        try:
            outbox.record(self._connection, targets)
            if idle and not self._connection.is_idle():
                self._connection.connection.commit()  # the driver began a transaction to write
        except DatabaseError:
            logger.warning("the outbox cannot be written on this connection: the watch thread retries")
            get_gateway().watch.retry_later(targets)
        get_gateway().watch.note_missed()

    def _clear(self) -> None:
        self._targets.clear()
        self._changes = Changes()

    def committed(self) -> None:
        """Clear what ``targets`` returned, but not what was reported since."""
        self._clear()
        self._transaction_isolated = False

    # --- Tests: a block of the test's own acts as the transaction ---------------------------------

    def rolled_back(self) -> None:
        """Clear what was rolled back, and remove the values that a test has stored from it."""
        self.notices.clear()
        self.committed()
        self.remove_test_values()

    def note_fill(self, group: Target) -> None:
        """In a test, record what was stored: the end of the test rolls back its rows."""
        if self._in_test():
            self._filled_in_test.add(group)

    def remove_test_values(self) -> None:
        """Remove the values that a test has stored."""
        if self._filled_in_test:
            groups, self._filled_in_test = self._filled_in_test, set()
            with contextlib.suppress(RedisUnavailable):  # then no reader can read what was stored
                get_gateway().drop(groups)


def pending(using: str = DEFAULT_DB_ALIAS) -> PendingInvalidations:
    """Return the pending invalidations of this thread's connection."""
    return cast("Connection", connections[using]).pending


def _opened() -> list[PendingInvalidations]:
    opened = connections.all(initialized_only=True)
    return [connection.pending for connection in opened if hasattr(connection, "pending")]


def must_bypass() -> bool:
    """Return whether any connection of this thread may see a different state than other readers."""
    return any(each.must_bypass() for each in _opened())


def any_in_transaction() -> bool:
    """Return whether a connection of this thread is in a transaction."""
    return any(each.in_transaction() for each in _opened())
