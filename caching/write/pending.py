"""What the open transaction of one connection is going to invalidate.

The database reports each change within the answer to the statement (changes.py); receivers may add
targets. The commit carries all of it out (commit.py). Too much is safe: a savepoint that is rolled back
takes nothing away.
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
    """What this module asks of Django's connection."""

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
    """What has changed on one database connection since its last commit.

    Attributes:
        in_snapshot: the open transaction is one of ``snapshot``, which cannot write.
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
        """Return whether this connection may see another state than the cache's readers do."""
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
        """Return whether an open transaction reads what a new one would. The server itself is asked.

        Isolation may have been raised where no statement shows it (ALTER ROLE), and something written
        where no trigger reports it.
        """
        if not self.in_transaction():
            return True
        with self._connection.wrap_database_errors, self._connection.connection.cursor() as cursor:
            cursor.execute(LIKE_A_NEW_READER)
            read_committed, unwritten = cursor.fetchone()
        return bool(read_committed and (unwritten or self._in_test()))

    def note_isolation(self, *, for_session: bool) -> None:
        """From now on reads may see an older snapshot: a statement has named the isolation."""
        self._transaction_isolated = True
        self._session_isolated |= for_session

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let every statement of a load see one state, where no transaction is open already."""
        connection = self._connection
        connection.ensure_connection()  # one that was never opened does not know yet whether it autocommits
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
        """Have the commit invalidate ``target``, a part of ``group``."""
        self._targets[target] = group
        if not self.in_transaction():
            self.flush()

    def has_news(self) -> bool:
        """Return whether there may be something to invalidate. Cheap: asked after each statement."""
        return bool(self.notices or self._targets or self._changes)

    def __bool__(self) -> bool:
        """Return whether anything is to be invalidated. Reads what the driver has received."""
        while self.notices:
            self._read(self.notices[0])
            self.notices.popleft()  # not before: an interrupted reading is done again
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
        """Return whether a commit lies ahead. The block that a TestCase puts around a test is none."""
        connection = self._connection
        if connection.in_atomic_block:
            return not all(environment.is_tests_own(block) for block in connection.atomic_blocks)
        return connection.connection is not None and not (connection.autocommit and connection.is_idle())

    def _in_test(self) -> bool:
        return any(environment.is_tests_own(block) for block in self._connection.atomic_blocks)

    @property
    def transaction_id(self) -> str:
        """PostgreSQL's number of the transaction that made the changes; empty without changes."""
        return self._changes.transaction

    def targets(self, *, lock: bool) -> set[Target]:
        """Return what is to be invalidated, and count it.

        Args:
            lock: the transaction is about to commit: keep the rows on the way as they are until then.
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
        """Invalidate at once: what changed is committed, or may be, or is a test's.

        Args:
            keep: the transaction may go on, and its commit must invalidate again.
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
            self._forget()  # not before: an interrupted flush is still to be done

    def _committed_targets(self) -> set[Target]:
        idle = self._connection.is_idle()
        try:
            return self.targets(lock=False)
        except DatabaseError:  # the connection cannot be asked any more
            groups = {each.group for _, each in self._changes.dependents()}
            return groups | set(self._targets)
        finally:
            if idle and not self._connection.is_idle():
                self._connection.connection.rollback()  # the driver began a transaction to ask

    def _record(self, targets: set[Target]) -> None:
        idle = self._connection.is_idle()
        try:
            outbox.record(self._connection, targets)
            if idle and not self._connection.is_idle():
                self._connection.connection.commit()  # the driver began a transaction to write
        except DatabaseError:
            logger.warning("the outbox cannot be written here: the watch thread goes on trying")
            get_gateway().watch.owe(targets)
        get_gateway().watch.note_missed()

    def _forget(self) -> None:
        self._targets.clear()
        self._changes = Changes()

    def committed(self) -> None:
        """Forget what ``targets`` returned. What was reported since is still to be done."""
        self._forget()
        self._transaction_isolated = False

    # --- Tests: a block of the test's own stands for the transaction ------------------------------

    def rolled_back(self) -> None:
        """Forget what was rolled back, and remove what a test has stored from it."""
        self.notices.clear()
        self.committed()
        self.forget_test()

    def note_fill(self, group: Target) -> None:
        """Remember, in a test, what was stored: the end of the test rolls its source back."""
        if self._in_test():
            self._filled_in_test.add(group)

    def forget_test(self) -> None:
        """Remove what a test has stored."""
        if self._filled_in_test:
            groups, self._filled_in_test = self._filled_in_test, set()
            with contextlib.suppress(RedisUnavailable):  # then nothing was stored that could be read
                get_gateway().drop(groups)


def pending(using: str = DEFAULT_DB_ALIAS) -> PendingInvalidations:
    """Return what this thread's connection is going to invalidate."""
    return cast("Connection", connections[using]).pending


def _opened() -> list[PendingInvalidations]:
    opened = connections.all(initialized_only=True)
    return [connection.pending for connection in opened if hasattr(connection, "pending")]


def must_bypass() -> bool:
    """Return whether any connection of this thread may see another state than other readers do."""
    return any(each.must_bypass() for each in _opened())


def any_in_transaction() -> bool:
    """Return whether a connection of this thread is in a transaction."""
    return any(each.in_transaction() for each in _opened())
