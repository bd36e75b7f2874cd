"""What a table's changes invalidate: one line of a declaration, in terms of the database and of Redis."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from caching.keys import Target, full_key, group_target, stem, value_target
from caching.paths import Hop, Route


class Dependent(NamedTuple):
    """A cached thing that depends on a table.

    Attributes:
        pattern: the thing's key, with parameters in braces.
        family: whether it is one hash that is invalidated as a whole.
        routes: by parameter, how a changed row leads to it; None where the whole group goes.
    """

    pattern: str
    family: bool
    routes: tuple[tuple[str, Route], ...] | None

    @property
    def group(self) -> Target:
        """Everything that the thing holds."""
        name = full_key(stem(self.pattern))
        return value_target(name) if self.family else group_target(name)

    def columns(self) -> set[str]:
        """Return the columns of the changed row with which the routes begin."""
        return {route.column for _, route in self.routes or ()}

    def hops(self) -> set[Hop]:
        """Return the steps of all routes."""
        return {hop for _, route in self.routes or () for hop in route.hops}


def dump(dependents: Iterable[Dependent]) -> str:
    """Return dependents as JSON, in one order, for the triggers."""
    return json.dumps(sorted(dependents, key=repr), separators=(",", ":"))


@lru_cache(maxsize=1024)
def parse(text: str) -> tuple[Dependent, ...]:
    """Return the dependents that ``dump`` wrote."""
    return tuple(Dependent(pattern, family, _routes(routes)) for pattern, family, routes in json.loads(text))


def _routes(routes: list[Any] | None) -> tuple[tuple[str, Route], ...] | None:
    return None if routes is None else tuple((name, Route.from_json(route)) for name, route in routes)
