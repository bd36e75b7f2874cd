"""The reports of the triggers: which rows of which tables have changed, in which transaction.

A trigger raises a message at the level INFO. PostgreSQL sends it to the client within the answer to the
statement, whatever the settings are. postgresql/triggers.py writes it; docs/caching.md explains the choice.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from caching.dependents import Dependent, parse

MARK = "caching:{"
MAX_ROWS = 500  # if one transaction changes more rows of a table, whole groups are invalidated

Row = tuple[Any, ...]


class Report(NamedTuple):
    """One statement's changes of one table.

    Attributes:
        columns: the names of the columns that are reported.
        rows: old and new rows; None if there are more than MAX_ROWS, or if every row may have changed.
    """

    transaction: str
    table: str
    dependents: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...] | None


def read_report(notice: str) -> Report | None:
    """Return the report in a message of PostgreSQL, None if no trigger of the cache sent it.

    Raises:
        ValueError: it looks like a trigger's message, perhaps of another release, but cannot be parsed.
    """
    start = notice.find(MARK)
    if start < 0:
        return None
    try:
        return _report(notice[start + len(MARK) - 1 :])
    except (ValueError, LookupError, TypeError) as error:
        raise ValueError(f"not a report: {notice:.200}") from error


def _report(message: str) -> Report:
    text, dependents, *_ = message.split("\n")
    parse(dependents)
    found = json.loads(text)
    rows = found["r"]
    return Report(
        found["x"],
        found["t"],
        dependents,
        tuple(found["c"]),
        None if rows is None else tuple(tuple(row) for row in rows),
    )


class Changes:
    """The changes of one transaction, by table."""

    def __init__(self) -> None:
        self.transaction = ""
        self._rows: dict[str, set[frozenset[tuple[str, Any]]] | None] = {}
        self._dependents: dict[str, set[Dependent]] = {}

    def add(self, report: Report) -> None:
        """Add the changes of one statement."""
        self.transaction = report.transaction
        self._dependents.setdefault(report.table, set()).update(parse(report.dependents))
        known = self._rows.setdefault(report.table, set())
        if known is None or report.rows is None or len(known) + len(report.rows) > MAX_ROWS:
            self._rows[report.table] = None
        else:
            known.update(frozenset(zip(report.columns, row, strict=True)) for row in report.rows)

    def dependents(self) -> Iterable[tuple[str, Dependent]]:
        """Yield each changed table with each declaration that depends on it."""
        return [(table, each) for table, found in self._dependents.items() for each in found]

    def rows(self, table: str) -> list[dict[str, Any]] | None:
        """Return the old and new rows of a table, None if they were too many."""
        rows = self._rows.get(table, set())
        return None if rows is None else [dict(row) for row in rows]

    def __bool__(self) -> bool:
        return bool(self._rows)
