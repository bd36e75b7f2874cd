"""Everything that is declared, for those who need to know of a declaration but not how it is read."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from caching.dependents import Dependent
from caching.keys import Target
from caching.read.result import CacheResult


class Declared(Protocol):
    """A cached thing, as the triggers and the checks know it."""

    key: str
    using: str

    @property
    def group(self) -> Target: ...
    def tables(self) -> Iterable[tuple[str, Dependent]]: ...
    def lagging(self, table: str) -> set[str]: ...
    def declared_tables(self) -> set[str]: ...

    # For maintenance.
    @property
    def lags(self) -> Mapping[Any, Any]: ...
    def stored(self) -> Iterator[dict[str, Any]]: ...
    def peek(self, **params: Any) -> CacheResult | None: ...
    def load_uncached(self, **params: Any) -> bytes: ...


_declared: dict[str, Declared] = {}


def register(declared: Declared) -> None:
    """Remember a declaration. One of the same key takes the place of an earlier one."""
    _declared[declared.key] = declared


def databases() -> set[str]:
    """Return the aliases of the databases from which something is cached."""
    return {each.using for each in _declared.values()}


def declarations(using: str | None = None) -> list[Declared]:
    """Return what is declared for one database, or for all."""
    return [each for each in _declared.values() if using in {None, each.using}]


@contextlib.contextmanager
def restored() -> Iterator[None]:
    """Forget at the end of the block what it has declared (testing.py)."""
    before = dict(_declared)
    try:
        yield
    finally:
        _declared.clear()
        _declared.update(before)
