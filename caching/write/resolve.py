"""Resolve the changes of a transaction to the targets that its commit must fence.

The routes through other tables are followed by queries when the transaction is about to commit, and no
other transaction may change the result between then and the commit::

    writer A                                writer B
    renames category 1
    which courses are in category 1? 5
                                            moves course 7 into category 1, COMMIT
                                            (a reader stores course 7 with the old name)
    COMMIT, fences course 5                 course 7 is stale

So the rows on the routes are locked, but without waiting: if another transaction holds one, the whole group
is invalidated. Before that the deferred constraints are checked, so that the commit itself waits for
nothing while it holds these locks, and the locks cannot cause a deadlock.

A query must not make a write fail that would succeed in plain Django. The queries run after a savepoint, and
after an error the groups are invalidated: a table on a route is locked or dropped, this role may not lock
it, or row security hides rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.db import DatabaseError
from django.db.backends.postgresql.psycopg_any import is_psycopg3

from caching.dependents import Dependent
from caching.keys import Target, fill_in, value_target
from caching.paths import Hop, Route
from caching.write.changes import Changes

SAVEPOINT = "caching_questions"
MAX_KEYS = 500  # for more values of one declaration, its group is cheaper


class _Unclear(Exception):  # noqa: N818
    """The values that a change concerns cannot be determined, so the group must be invalidated."""


def targets(changes: Changes, connection: Any, *, lock: bool) -> set[tuple[Target, Target]]:
    """Return the targets that the changes concern, each with its group.

    Args:
        connection: Django's connection.
        lock: its transaction is about to commit. Otherwise the changes are committed already, and the
            routes are followed without locks.
    """
    resolver = _Resolver(changes, connection, lock)
    try:
        found = set(resolver.targets())
    except DatabaseError as error:
        resolver.go_back_after(error)
        return {(dependent.group, dependent.group) for _, dependent in changes.dependents()}
    if resolver.has_savepoint and not lock:
        resolver.go_back()
    return found


class _Resolver:
    def __init__(self, changes: Changes, connection: Any, lock: bool) -> None:
        self._changes = changes
        self._connection = connection
        self._is_locking = lock
        self._is_prepared = False
        self.has_savepoint = False

    def targets(self) -> Iterator[tuple[Target, Target]]:
        """Yield the targets that the changes concern, each with its group.

        Raises:
            DatabaseError: a query failed.
        """
        for table, dependent in self._changes.dependents():
            try:
                keys = set(self.keys(table, dependent))
            except _Unclear:
                keys = {dependent.group}
            yield from ((key, dependent.group) for key in keys)

    def go_back(self) -> None:
        """Undo what the queries have left in the transaction."""
        self._run(f"ROLLBACK TO SAVEPOINT {SAVEPOINT}; RELEASE SAVEPOINT {SAVEPOINT}")

    def go_back_after(self, error: DatabaseError) -> None:
        """Undo the queries after one has failed.

        Raises:
            DatabaseError: ``error``, if it was not caused by the queries.
        """
        if not self.has_savepoint:
            raise error
        try:
            self.go_back()
        except DatabaseError:  # a constraint is violated, or the connection is gone
            raise error from error.__cause__  # the driver's, as everywhere in Django

    def keys(self, table: str, dependent: Dependent) -> Iterator[Target]:
        """Yield the values of a declaration that the changed rows of a table concern.

        Raises:
            _Unclear: the group must be invalidated.
        """
        rows = self._changes.rows(table)
        if dependent.routes is None or rows is None:
            raise _Unclear
        if len(dependent.routes) == 1:
            ((name, route),) = dependent.routes
            found = [{name: value} for value in self._follow(rows, route)]
        else:
            found = [{name: _value(row, route.column) for name, route in dependent.routes} for row in rows]
        for params in found:
            yield _target(dependent, params)

    def _follow(self, rows: Iterable[dict[str, Any]], route: Route) -> set[Any]:
        values = {_value(row, route.column) for row in rows}
        for hop in route.hops:
            values = self._hop(hop, values - {None})
            if len(values) > MAX_KEYS:
                raise _Unclear
        return values

    def _hop(self, hop: Hop, values: set[Any]) -> set[Any]:
        found: set[Any] = set()
        if not hop.owner:
            found, values = self._from_own_changes(hop, values)
        if not values:
            return found
        self._prepare()
        wanted = _array(values)
        if self._is_locking and hop.owner:
            self._lock(hop.owner, hop.owner_column, wanted, "UPDATE")
        if self._is_locking and not hop.stable:
            locked = self._lock(hop.table, hop.match, wanted, "SHARE")
            if not hop.owner and locked < len(values):
                raise _Unclear  # a row to which another one refers is missing
        taken = self._query(
            f"SELECT DISTINCT {_name(hop.take)} FROM {_name(hop.table)}"
            f" WHERE {_name(hop.match)} = ANY(%s) LIMIT {MAX_KEYS + 1}",
            wanted,
        )
        return found | {value for (value,) in taken}

    def _from_own_changes(self, hop: Hop, values: set[Any]) -> tuple[set[Any], set[Any]]:
        """Return what this transaction's own changes answer of a hop, and the values that remain."""
        rows = self._changes.rows(hop.table)
        if rows is None:
            raise _Unclear
        known = [row for row in rows if row.get(hop.match) in values and hop.take in row]
        return {row[hop.take] for row in known}, values - {row[hop.match] for row in known}

    def _prepare(self) -> None:
        if self._is_prepared:
            return
        if self._is_locking:
            ((isolation,),) = self._query("SHOW transaction_isolation")
            if isolation not in {"read committed", "read uncommitted"}:
                raise _Unclear  # its snapshot may be older than changes of other transactions
            begin = f"SET CONSTRAINTS ALL IMMEDIATE; SAVEPOINT {SAVEPOINT};"
        else:
            begin = f"SAVEPOINT {SAVEPOINT};"
        self._is_prepared = True
        if not self._connection.is_idle():
            self.has_savepoint = True
            self._run(begin + "".join(self._locks_of_tables()))

    def _locks_of_tables(self) -> Iterator[str]:
        """Yield statements that fail if a table on a route is locked, or if row security hides rows."""
        yield "SET LOCAL row_security TO off;"
        hops = {hop for _, each in self._changes.dependents() for hop in each.hops()}
        locked = {hop.table for hop in hops if not hop.stable} | {hop.owner for hop in hops if hop.owner}
        for table in sorted({hop.table for hop in hops} | locked):
            mode = "ROW SHARE" if self._is_locking and table in locked else "ACCESS SHARE"
            yield f"LOCK TABLE {_quoted(table)} IN {mode} MODE NOWAIT;"

    def _lock(self, table: str, column: str, values: str, strength: str) -> int:
        """Lock the rows with these values, without waiting. Return how many there are.

        Raises:
            _Unclear: another transaction holds one of them, or there are too many.
        """
        rows = f"SELECT FROM {_name(table)} WHERE {_name(column)} = ANY(%s) LIMIT {MAX_KEYS + 1}"
        ((there, locked),) = self._query(
            f"SELECT (SELECT count(*) FROM ({rows}) there),"
            f" (SELECT count(*) FROM ({rows} FOR {strength} SKIP LOCKED) locked)",
            values,
            values,
        )
        if locked != there or there > MAX_KEYS:
            raise _Unclear
        return int(there)

    def _run(self, sql: str) -> None:
        """Run several statements in one exchange."""
        unprepared = {"prepare": False} if is_psycopg3 else {}
        with self._connection.wrap_database_errors, self._connection.connection.cursor() as cursor:
            cursor.execute(sql, **unprepared)

    def _query(self, sql: str, *params: Any) -> Any:
        """Run a statement on a cursor of the driver, so that it is not treated as the application's."""
        with self._connection.wrap_database_errors, self._connection.connection.cursor() as cursor:
            cursor.execute(sql, params or None)
            return cursor.fetchall() if cursor.description else ()


def _target(dependent: Dependent, params: dict[str, Any]) -> Target:
    try:
        return value_target(fill_in(dependent.pattern, params))
    except ValueError as error:  # no key can contain such a value, so nothing is stored under one
        raise _Unclear from error


def _value(row: dict[str, Any], column: str) -> Any:
    if column not in row:
        raise _Unclear  # the trigger of another release does not report it
    return row[column]


def _array(values: Iterable[Any]) -> str:
    """Return an array as a PostgreSQL literal, which gets the type of the column it is compared with."""
    escaped = (str(value).replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return "{" + ",".join(f'"{text}"' for text in escaped) + "}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _name(name: str) -> str:
    """Return a quoted name for a statement with parameters."""
    return _quoted(name).replace("%", "%%")
