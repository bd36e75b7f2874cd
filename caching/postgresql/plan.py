"""Plans: what the trigger of each table must report, derived from the declarations."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from caching.dependents import Dependent, dump, parse
from caching.registry import declarations


class Plan(NamedTuple):
    """What the trigger of one table reports.

    Attributes:
        dependents: what its changes invalidate.
        columns: the columns of a changed row that it reports.
        ignored: the columns whose changes it does not report.
    """

    dependents: frozenset[Dependent]
    columns: frozenset[str]
    ignored: frozenset[str]

    def to_json(self) -> str:
        """Return the plan as the comment of the trigger's function."""
        return json.dumps([dump(self.dependents), sorted(self.columns), sorted(self.ignored)])

    @classmethod
    def from_json(cls, text: str | None) -> Plan:
        """Return the plan that ``to_json`` wrote; an empty plan for any other comment."""
        try:
            dependents, columns, ignored = json.loads(text or "")
            return cls(frozenset(parse(dependents)), frozenset(columns), frozenset(ignored))
        except (ValueError, TypeError):
            return cls(frozenset(), frozenset(), frozenset())

    def with_other_releases(self, installed: Plan) -> Plan:
        """Return a plan that also contains what another release has declared.

        This includes another path to the same value: processes of that release still depend on it.
        """
        if not installed.dependents:
            return self
        return Plan(
            self.dependents | installed.dependents,
            self.columns | installed.columns,
            self.ignored & installed.ignored,
        )


def plans(using: str) -> dict[str, Plan]:
    """Return the plan of each table of a database on which a declaration depends."""
    dependents: dict[str, set[Dependent]] = {}
    ignored: dict[str, set[str]] = {}
    for declared in declarations(using):
        for table, dependent in declared.tables():
            dependents.setdefault(table, set()).add(dependent)
            lagging = declared.lagging(table)
            ignored[table] = ignored.get(table, lagging) & lagging
    columns = _columns(dependents)
    return {
        table: Plan(frozenset(found), frozenset(columns[table]), frozenset(ignored[table]))
        for table, found in dependents.items()
    }


def _columns(dependents: dict[str, set[Dependent]]) -> dict[str, set[str]]:
    """Return by table the columns at which routes begin, and those by which they pass through it."""
    columns = {table: set().union(*(each.columns() for each in found)) for table, found in dependents.items()}
    for hop in _all_hops(dependents.values()):
        if not hop.owner and hop.table in columns:
            columns[hop.table] |= {hop.match, hop.take}
    return columns


def _all_hops(dependents: Iterable[set[Dependent]]) -> set[Any]:
    return set().union(*(each.hops() for found in dependents for each in found))
