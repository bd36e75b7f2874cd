"""From the changes of a transaction to the targets that its commit must close.

What a row leads to through other tables is asked when the transaction is about to commit, and nothing
may change the answer between then and the commit::

    writer A                                writer B
    renames category 1
    which courses are in category 1? 5
                                            moves course 7 into category 1, COMMIT
                                            (a reader stores course 7 with the old name)
    COMMIT, closes course 5                 course 7 is stale

So the rows on the way are locked, but never waited for: where another transaction holds one, the whole
group goes. Before that the deferred constraints are checked, so that the commit itself waits for
nothing while it holds these locks, and no deadlock can arise from them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from caching.dependents import Dependent
from caching.keys import Target, fill_in, value_target
from caching.paths import Hop, Route
from caching.write.changes import Changes

MAX_KEYS = 500  # more values of one thing, and its group is cheaper


class _Unclear(Exception):  # noqa: N818
    """The values that a change concerns cannot be told for certain."""


def targets(changes: Changes, connection: Any, *, lock: bool) -> set[tuple[Target, Target]]:
    """Return what the changes concern, each target with its group.

    Args:
        connection: Django's connection.
        lock: its transaction is about to commit. Otherwise the changes are committed already, and what
            the rows lead to now is the answer.
    """
    resolver = _Resolver(changes, connection, lock)
    found: set[tuple[Target, Target]] = set()
    for table, dependent in changes.dependents():
        group = dependent.group
        try:
            keys = set(resolver.keys(table, dependent))
        except _Unclear:
            keys = {group}
        found.update((key, group) for key in keys)
    return found


class _Resolver:
    def __init__(self, changes: Changes, connection: Any, lock: bool) -> None:
        self._changes = changes
        self._connection = connection
        self._is_locking = lock
        self._constraints_checked = not lock

    def keys(self, table: str, dependent: Dependent) -> Iterator[Target]:
        """Yield the values of a thing that the changed rows of a table concern.

        Raises:
            _Unclear: the group must go.
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
            if None not in params.values():
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
        self._check_constraints()
        wanted = _array(values)
        if self._is_locking and hop.owner:
            self._lock(hop.owner, hop.owner_column, wanted, "UPDATE")
        if self._is_locking and not hop.stable:
            locked = self._lock(hop.table, hop.match, wanted, "SHARE")
            if not hop.owner and locked < len(values):
                raise _Unclear  # a row that is referred to is not there
        taken = self._query(
            f"SELECT DISTINCT {_quoted(hop.take)} FROM {_quoted(hop.table)}"
            f" WHERE {_quoted(hop.match)} = ANY(%s) LIMIT {MAX_KEYS + 1}",
            wanted,
        )
        return found | {value for (value,) in taken}

    def _from_own_changes(self, hop: Hop, values: set[Any]) -> tuple[set[Any], set[Any]]:
        """Return what this transaction's own changes tell of a hop, and the values that they do not."""
        rows = self._changes.rows(hop.table)
        if rows is None:
            raise _Unclear
        known = [row for row in rows if row.get(hop.match) in values and hop.take in row]
        return {row[hop.take] for row in known}, values - {row[hop.match] for row in known}

    def _check_constraints(self) -> None:
        if self._constraints_checked:
            return
        ((isolation,),) = self._query("SHOW transaction_isolation")
        if isolation not in {"read committed", "read uncommitted"}:
            raise _Unclear  # its snapshot may be older than what others have moved since
        self._query("SET CONSTRAINTS ALL IMMEDIATE")
        self._constraints_checked = True

    def _lock(self, table: str, column: str, values: str, strength: str) -> int:
        """Lock the rows with these values, without waiting. Return how many there are.

        Raises:
            _Unclear: another transaction holds one of them, or they are too many.
        """
        rows = f"SELECT FROM {_quoted(table)} WHERE {_quoted(column)} = ANY(%s) LIMIT {MAX_KEYS + 1}"
        ((there, locked),) = self._query(
            f"SELECT (SELECT count(*) FROM ({rows}) there),"
            f" (SELECT count(*) FROM ({rows} FOR {strength} SKIP LOCKED) locked)",
            values,
            values,
        )
        if locked != there or there > MAX_KEYS:
            raise _Unclear
        return int(there)

    def _query(self, sql: str, *params: Any) -> Any:
        """Run a statement on the driver's own cursor: it is none of the application's."""
        with self._connection.wrap_database_errors, self._connection.connection.cursor() as cursor:
            cursor.execute(sql, params or None)
            return cursor.fetchall() if cursor.description else ()


def _target(dependent: Dependent, params: dict[str, Any]) -> Target:
    try:
        return value_target(fill_in(dependent.pattern, params))
    except ValueError as error:  # such a value has no key of its own, so nothing is stored under one
        raise _Unclear from error


def _value(row: dict[str, Any], column: str) -> Any:
    if column not in row:
        raise _Unclear  # the trigger of another release does not tell of it
    return row[column]


def _array(values: Iterable[Any]) -> str:
    """Return an array in PostgreSQL's own notation, which takes the type of what it is compared with."""
    escaped = (str(value).replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return "{" + ",".join(f'"{text}"' for text in escaped) + "}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
