"""The guard for writes that no signal announces: raw SQL, ``update()`` of a foreign model, SET NULL.

It sees every statement. One that writes a table on which something cached depends, and that no
receiver speaks for, invalidates everything that depends on the table::

    pre_save: first receiver     expect      what is touched until open counts
    the app's receivers          touch       (the old parent)
    pre_save: last receiver      open        INSERT and UPDATE of the table are spoken for
    INSERT or UPDATE
    post_save: first receiver    close       what is touched until concluded counts
    the app's receivers          touch       (the row, the new parent)
    post_save: last receiver     concluded   nobody touched anything? then all that depends on it

So a statement of a receiver's own is not mistaken for the announced one, nor what the receivers of
another signal touch, sent in between, for what these do.
"""

from __future__ import annotations

import contextlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from caching.registry import dependents, tracked_tables
from caching.statements import EVERYTHING, Write, understand

if TYPE_CHECKING:
    from caching.keys import Node
    from caching.transaction import Changes

_NOTHING: contextlib.AbstractContextManager[None] = contextlib.nullcontext()


def _text(sql: Any, cursor: Any) -> str:
    if isinstance(sql, str):
        return sql
    if isinstance(sql, bytes):  # psycopg2.extras.execute_values
        return sql.decode(errors="replace")
    return str(sql.as_string(cursor))


class Guard:
    """The execute wrapper of one connection, and the announcements of signals under way."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        # How much was touched when the receivers under way were called, and what was spoken for then:
        # a statement of their own is not.
        self._windows: list[tuple[str, int, Counter[Write]]] = []
        self._heard: dict[str, list[bool]] = defaultdict(list)
        self._open: Counter[Write] = Counter()

    def __call__(
        self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        with self.watching(sql, context["cursor"].cursor):
            return execute(sql, params, many, context)

    def watching(self, sql: Any, cursor: Any) -> contextlib.AbstractContextManager[None]:
        """Around a statement: touches what it writes and nobody speaks for."""
        statement = understand(_text(sql, cursor))
        if statement is None:
            return _NOTHING
        if statement.isolation:
            self._changes.note_isolation(for_session=statement.session)
        nodes = {node for table in self._silent(statement.writes) for node in dependents(table)}
        return self._changes.covering(nodes) if nodes else _NOTHING

    def _silent(self, found: frozenset[Write]) -> Iterator[str]:
        if EVERYTHING in found:
            yield from tracked_tables()
        for write in found:
            if not self._speaks_for(write):
                yield write.table

    def _speaks_for(self, write: Write) -> bool:
        # In autocommit a statement is committed before the receiver that would name keys is called.
        return self._open[write] > 0 and self._changes.commits_later()

    def expect(self, table: str) -> None:
        """Rows are about to be written: what receivers touch from here on counts."""
        if self._changes.commits_later():
            self._receivers_are_called(f"before {table}")

    def _receivers_are_called(self, which: str) -> None:
        self._windows.append((which, self._changes.touches, self._open))
        self._open = Counter()

    def open(self, table: str, *verbs: str) -> None:
        """The receivers have been called; the statements that follow are the announced ones."""
        if self._changes.commits_later():
            self._heard[table].append(self._touched_in_window(f"before {table}"))
            self._open.update(Write(verb, table) for verb in verbs)

    def close(self, table: str, *verbs: str) -> None:
        """The announced statements have been carried out: what receivers touch counts again."""
        for verb in verbs:
            self._open[Write(verb, table)] = max(0, self._open[Write(verb, table)] - 1)
        if self._changes.commits_later():
            self._receivers_are_called(f"after {table}")

    def concluded(self, table: str) -> None:
        """All receivers have been called. If none of them touched anything, the guard does."""
        if not self._changes.commits_later():
            return
        heard = self._heard[table].pop() if self._heard[table] else False
        if not self._touched_in_window(f"after {table}") and not heard:
            self._changes.cover(dependents(table))

    def _touched_in_window(self, which: str) -> bool:
        """Whether this signal's receivers touched something, and not those of one sent by them."""
        if not self._windows:
            return False  # a savepoint was rolled back meanwhile
        last, before, self._open = self._windows.pop()
        if last != which:  # a receiver raised, and whoever sent its signal caught it
            while self._windows and last != which:
                last, _, self._open = self._windows.pop()
            return False
        touched = self._changes.touches > before
        self._changes.touches = before
        return touched

    def unconcluded(self) -> set[Node]:
        """What depends on tables whose announcement no receiver concluded: one of them raised."""
        tables = [table for table, heard in self._heard.items() if heard]
        self.reset()
        return {node for table in tables for node in dependents(table)}

    def reset(self) -> None:
        """Forget announcements whose statement never came: it failed and was rolled back."""
        self._windows.clear()
        self._heard.clear()
        self._open.clear()
