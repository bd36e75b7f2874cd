"""What a transaction has touched, and what its commit does about it.

Signals say what, the transaction says when: a receiver names nodes, they are collected here, on the
database connection, and the commit fences them, commits, and lifts the fences::

    writer                          readers
    UPDATE, touch                   hit: old                 (not committed: old is right)
    fence                           bypass: old              (value and leases are gone)
    COMMIT                          bypass: new
    lift                            miss: new, stored
    acknowledged                    hit: new

Killed between COMMIT and lift, the fence stands until it expires, and readers read the database.
"""

from __future__ import annotations

import contextlib
import logging
import secrets
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, cast

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, transaction

from caching import invalidation, outbox, stats
from caching.errors import RedisUnavailable

if TYPE_CHECKING:
    from caching.keys import Node
    from caching.postgresql.base import DatabaseWrapper

logger = logging.getLogger(__name__)

# More keys of one pattern than this, and invalidating the pattern is cheaper than each of them.
MOST_KEYS_OF_A_PATTERN = 500

LIKE_A_NEW_READER = (
    "SELECT current_setting('transaction_isolation') IN ('read committed', 'read uncommitted'),"
    " txid_current_if_assigned() IS NULL"
)
READ_COMMITTED = 1  # psycopg2's number; higher isolation reads an older snapshot


class Changes:
    """The nodes touched on one database connection since its last commit."""

    def __init__(self, connection: DatabaseWrapper) -> None:
        self._connection = connection
        self._touched: dict[Node, set[Node]] = {}
        self._filled_in_test: set[Node] = set()
        self._snapshotting = False
        self._transaction_isolated = False
        self._session_isolated = False
        self.touches = 0  # by receivers: the guard compares

    # --- What readers ask ---------------------------------------------------------------------

    def must_bypass(self) -> bool:
        """Whether this connection may see another state than the cache's readers do."""
        if self._connection.connection is None:
            return False
        if self._touched:
            if self.in_transaction():
                return True
            self.settle()
        return bool(self._touched) or self._snapshotting or self._isolated()

    def _isolated(self) -> bool:
        if not self.in_transaction():
            return False
        level = self._connection.connection.isolation_level
        above = level is not None and level > READ_COMMITTED
        return above or self._transaction_isolated or self._session_isolated

    def may_store(self) -> bool:
        """Whether an open transaction reads what a new one would; the server itself is asked.

        Isolation may have been raised where no statement of ours tells it (ALTER ROLE), and
        something written where none does (a function, a driver's own cursor).
        """
        if not self.in_transaction():
            return True
        with self._connection.wrap_database_errors, self._connection.connection.cursor() as cursor:
            cursor.execute(LIKE_A_NEW_READER)
            read_committed, unwritten = cursor.fetchone()
        return bool(read_committed and (unwritten or self._in_test()))

    def note_isolation(self, *, for_session: bool) -> None:
        """A statement spoke of isolation: from now on reads may see an older snapshot."""
        self._transaction_isolated = True
        self._session_isolated |= for_session

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let every statement of a load see one state, where no transaction is open already."""
        if self._connection.in_atomic_block or not self._connection.get_autocommit():
            yield
            return
        with transaction.atomic(using=self._connection.alias):
            with self._connection.connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            self._snapshotting = True
            try:
                yield
            finally:
                self._snapshotting = False

    # --- What receivers say -------------------------------------------------------------------

    def touch(self, node: Node, whole: Node) -> None:
        """Have the commit invalidate ``node``, a part of ``whole``."""
        self.touches += 1
        self._note(node, whole)

    def cover(self, nodes: Iterable[Node]) -> None:
        """Have the commit invalidate ``nodes``, for a write that no receiver spoke for."""
        for node in nodes:
            self._note(node, node)

    def _note(self, node: Node, whole: Node) -> None:
        parts = self._touched.setdefault(whole, set())
        if whole not in parts:
            parts.add(node)
            if node == whole or len(parts) > MOST_KEYS_OF_A_PATTERN:
                self._touched[whole] = {whole}
        if not self.in_transaction():
            self.settle()

    def in_transaction(self) -> bool:
        """Whether a commit lies ahead. The block that a TestCase puts around a test is none."""
        connection = self._connection
        if connection.in_atomic_block:
            return not all(_is_tests_own(block) for block in connection.atomic_blocks)
        return connection.connection is not None and not connection.autocommit

    def _in_test(self) -> bool:
        return any(_is_tests_own(block) for block in self._connection.atomic_blocks)

    def commits_later(self) -> bool:
        """Whether what a statement writes now is committed by something after it."""
        return self._connection.in_atomic_block or self.in_transaction()

    @contextlib.contextmanager
    def covering(self, nodes: set[Node]) -> Iterator[None]:
        """Touch ``nodes`` for the statement in the block; in autocommit it becomes a transaction."""
        if self.commits_later():
            yield
            self.cover(nodes)
            return
        with transaction.atomic(using=self._connection.alias):
            self.cover(nodes)
            yield

    def settle(self) -> None:
        """Invalidate at once what is touched: what changed it is committed, or a test's."""
        nodes = self._nodes()
        if not nodes:
            return
        if self._in_test():  # its outbox would be rolled back: what could not be dropped stays touched
            with contextlib.suppress(RedisUnavailable):
                invalidation.drop(nodes)
                self._touched.clear()
            return
        invalidation.invalidate_now(self._connection, nodes)
        self._touched.clear()  # not before: whoever is interrupted has it still to do

    # --- What the database backend does ---------------------------------------------------------

    @contextlib.contextmanager
    def committing(self) -> Iterator[None]:
        """Carry out fence, COMMIT, lift around the block that commits."""
        self.cover(self._connection.guard.unconcluded())
        self._transaction_isolated = False
        nodes = self._nodes()
        if not nodes:
            yield
            return
        token = secrets.token_hex(8)
        fenced = self._fence(nodes, token)
        known = False
        try:
            yield
            known = True
            self._touched.clear()  # not before: a commit that was interrupted may be tried again
        except DatabaseError:
            known = not self._connection.connection.closed
            raise
        finally:
            if not fenced:
                invalidation.drain_soon()
            elif known:
                invalidation.lift(nodes, token)
            else:
                logger.warning("the outcome of COMMIT is unknown: %d fences left to expire", len(nodes))

    def _fence(self, nodes: set[Node], token: str) -> bool:
        started = time.perf_counter_ns()
        try:
            invalidation.fence(nodes, token)
        except RedisUnavailable:
            stats.count(stats.COMMITS, "outboxed")  # may speak to Redis: not while the outbox is locked
            outbox.record(self._connection, nodes)
            return False
        stats.count(stats.COMMITS, "fenced")
        stats.count(stats.COMMITS, "fence_microseconds", (time.perf_counter_ns() - started) // 1000)
        return True

    def discard(self) -> None:
        """Forget what was touched: it was rolled back."""
        self._touched.clear()
        self._transaction_isolated = False
        self._forget_test()

    def savepoint_released(self) -> None:
        """In a test, the end of the outermost block of its own making is its commit."""
        if not self.in_transaction():
            self.settle()

    def savepoint_rolled_back(self) -> None:
        """In a test, undo also what it stored; what is touched stays so: too much is safe."""
        if not self.in_transaction():
            self._forget_test()

    def note_fill(self, whole: Node) -> None:
        """Remember, in a test, what was stored: the end of the test rolls its source back."""
        if self._in_test():
            self._filled_in_test.add(whole)

    def _forget_test(self) -> None:
        if self._filled_in_test:
            nodes, self._filled_in_test = self._filled_in_test, set()
            invalidation.invalidate_now(self._connection, nodes)

    def _nodes(self) -> set[Node]:
        if not self._touched:
            return set()
        for whole in self._touched:
            stats.count(whole.main, "invalidations")
        return set().union(*self._touched.values())


def _is_tests_own(block: object) -> bool:
    return bool(getattr(block, "_from_testcase", False))


def changes(using: str = DEFAULT_DB_ALIAS) -> Changes:
    """The changes of this thread's database connection."""
    return cast("DatabaseWrapper", connections[using]).changes
