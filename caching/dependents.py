"""What the changes of a table invalidate: one line of a declaration, in terms of tables and Redis keys."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from caching.keys import Target, full_key, group_target, stem, value_target
from caching.paths import Hop, Route


class Dependent(NamedTuple):
    """A declaration that depends on a table.

    Attributes:
        pattern: the declaration's key, with parameters in braces.
        family: whether it is one hash that is invalidated as a whole.
        routes: each parameter with the route from a changed row to it; None: the whole group is
            invalidated.
    """

    pattern: str
    family: bool
    routes: tuple[tuple[str, Route], ...] | None

    @property
    def group(self) -> Target:
        """The target that covers every value of the declaration."""
        name = full_key(stem(self.pattern))
        return value_target(name) if self.family else group_target(name)

    def columns(self) -> set[str]:
        """Return the columns of the changed row at which the routes begin."""
        return {route.column for _, route in self.routes or ()}

    def hops(self) -> set[Hop]:
        """Return the hops of all routes."""
        return {hop for _, route in self.routes or () for hop in route.hops}


def dump(dependents: Iterable[Dependent]) -> str:
    """Return dependents as JSON for the triggers, always in the same order."""
    return json.dumps(sorted(dependents, key=repr), separators=(",", ":"))


@lru_cache(maxsize=1024)
def parse(text: str) -> tuple[Dependent, ...]:
    """Return the dependents that ``dump`` wrote."""
    return tuple(Dependent(pattern, family, _routes(routes)) for pattern, family, routes in json.loads(text))


def _routes(routes: list[Any] | None) -> tuple[tuple[str, Route], ...] | None:
    return None if routes is None else tuple((name, Route.from_json(route)) for name, route in routes)
