"""The registry of declarations, for modules that use declarations but do not read values."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from caching.dependents import Dependent
from caching.keys import Target
from caching.read.result import CacheResult


class Declared(Protocol):
    """A declaration, as the triggers and the checks use it."""

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
    """Add a declaration. It replaces an earlier one with the same key."""
    _declared[declared.key] = declared


def databases() -> set[str]:
    """Return the aliases of the databases that declarations use."""
    return {each.using for each in _declared.values()}


def declarations(using: str | None = None) -> list[Declared]:
    """Return the declarations for one database, or for all."""
    return [each for each in _declared.values() if using in {None, each.using}]


@contextlib.contextmanager
def restored() -> Iterator[None]:
    """Remove at the end of the block the declarations that it has added (for ``caching.testing``)."""
    before = dict(_declared)
    try:
        yield
    finally:
        _declared.clear()
        _declared.update(before)
