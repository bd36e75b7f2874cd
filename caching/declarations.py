"""Declarations: what an app caches, under which key, and which tables invalidate it."""

from __future__ import annotations

import functools
import re
import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from django.core.exceptions import ValidationError
from django.db import models

from caching.dependents import Dependent
from caching.gateway import get_gateway
from caching.keys import Target, fill_in, full_key, group_target, stem, value_of, value_target
from caching.paths import BadPath, Route, compile_route, end_of, has_one_text
from caching.read.entries import Entry, HashFieldEntry, KeyEntry
from caching.read.loading import load
from caching.read.lookup import Lookup
from caching.read.read_through import peek, read_through
from caching.read.result import CacheResult
from caching.read.shape import fingerprint
from caching.registry import register
from caching.write.pending import pending

ALL: Final = "*"  # a change of any row invalidates every value of the declaration

Path = str | Mapping[str, str] | Sequence[str | Mapping[str, str]]


class Declaration:
    """What ``Cached`` and ``CachedFamily`` have in common.

    Args:
        key: the key in Redis; ``Cached`` takes parameters in braces.
        ttl: the maximum age of a value, in seconds.
        load: called with the parameters on a miss; returns data that JSON can represent, or raises. It
            runs in a read-only transaction of its own and must not depend on the caller.
        invalidated_by: maps each model that ``load`` reads, or the name of a table without a model, to
            the values that a changed row invalidates: a path from the row to the parameter
            (``"module__course_id"``), a mapping of parameters to paths, a list of these, or ``ALL``.
        lags: maps a model to the fields whose changes invalidate nothing (``ALL``: every field). A value
            shows them as they were when it was stored, for at most ``ttl`` seconds.
        shape: describes the value, for example its serializer. With ``version`` it makes the fingerprint
            that keeps two releases from reading each other's values.
        version: to be raised when the value changes in a way that ``shape`` does not show.
        using: the alias of the database that ``load`` reads.
    """

    family = False

    def __init__(
        self,
        key: str,
        *,
        ttl: int,
        load: Callable[..., Any],
        invalidated_by: Mapping[Any, Path],
        lags: Mapping[Any, list[str] | str] | None = None,
        shape: Any = None,
        version: int = 1,
        using: str = "default",
    ) -> None:
        self.key = key
        self.using = using
        self.invalidated_by = dict(invalidated_by)
        self.lags = dict(lags or {})
        self.parameters = [name for _, name, _, _ in string.Formatter().parse(key) if name]
        self._ttl = ttl
        self._load = load
        self._shape, self._version = shape, version
        register(self)

    def get(self, **params: Any) -> CacheResult:
        """Return the value, from the cache or loaded.

        Raises:
            ValueError: a parameter cannot be part of a key.
            Exception: any that ``load`` raises; nothing is stored then.
        """
        params = self._in_one_form(params)
        return read_through(self, self._entry(params), functools.partial(self._load, **params))

    def _in_one_form(self, params: dict[str, Any]) -> dict[str, Any]:
        return params

    def load_uncached(self, **params: Any) -> bytes:
        """Return the JSON text that a miss would store, without using the cache.

        Raises:
            Exception: any that ``load`` raises.
        """
        return load(self, functools.partial(self._load, **self._in_one_form(params)))

    def peek(self, **params: Any) -> CacheResult | None:
        """Return the stored value, None if there is none that may be read. Nothing is loaded or stored.

        Raises:
            CacheError: Redis does not answer, or its values may be stale.
        """
        return peek(self, self._entry(self._in_one_form(params)))

    def lookup(self, **params: Any) -> Lookup:
        """Return a prepared read, for code that answers hits in front of the application.

        Raises:
            ValueError: a parameter cannot be part of a key.
        """
        given = self._in_one_form(params)
        return Lookup(self, self._entry(given), functools.partial(self._load, **given), params)

    def stored(self) -> Iterator[dict[str, Any]]:
        """Yield the parameters of the stored values. For maintenance: it scans Redis.

        A parameter that looks like an integer is returned as one.

        Raises:
            RedisUnavailable: it does not answer.
        """
        raise NotImplementedError

    def invalidate_all(self) -> None:
        """Invalidate every value of this declaration when the open transaction commits."""
        pending(self.using).invalidate(self.group, self.group)

    @property
    def group(self) -> Target:
        """The target that covers every value of this declaration."""
        raise NotImplementedError

    def _entry(self, params: dict[str, Any]) -> Entry:
        raise NotImplementedError

    @functools.cached_property
    def fingerprint(self) -> str:
        """Eight characters that identify the shape of the values."""
        return fingerprint(self._shape, self._version)

    def tables(self) -> Iterator[tuple[str, Dependent]]:
        """Yield each table on which the declaration depends, with what its changes invalidate.

        Raises:
            BadPath: a path does not lead to a parameter of the key.
        """
        for table, path in self.invalidated_by.items():
            if isinstance(table, str):
                yield table, Dependent(self.key, self.family, None)
                continue
            for routes in self._routes(table, path):
                yield table._meta.db_table, Dependent(self.key, self.family, routes)
            for parent in table._meta.get_parent_list():
                if parent not in self.invalidated_by:
                    yield parent._meta.db_table, Dependent(self.key, self.family, None)

    def _routes(self, model: type[models.Model], path: Path) -> list[tuple[tuple[str, Route], ...] | None]:
        if path == ALL:
            return [None]
        routes = [self._one_route(model, each) for each in self._by_parameter(path)]
        return [None] if None in routes else routes

    def _by_parameter(self, path: Path) -> Iterator[Mapping[str, str]]:
        for each in [path] if isinstance(path, (str, Mapping)) else path:
            paths = {self.parameters[0]: each} if isinstance(each, str) and self.parameters else each
            if self.family or not isinstance(paths, Mapping) or set(paths) != set(self.parameters):
                raise BadPath(f"{self.key}: {each!r} does not give each of {self.parameters}; ALL works")
            yield paths

    def _one_route(
        self, model: type[models.Model], paths: Mapping[str, str]
    ) -> tuple[tuple[str, Route], ...] | None:
        routes = [(name, compile_route(model, part)) for name, part in sorted(paths.items())]
        if any(route is None for _, route in routes) or _combines_hops(routes):
            return None
        return tuple((name, route) for name, route in routes if route)

    def lagging(self, table: str) -> set[str]:
        """Return the columns of a table whose changes invalidate no value of this declaration."""
        fields = [
            model._meta.get_field(name)
            for model, names in self.lags.items()
            if model._meta.db_table == table and names != ALL
            for name in names
        ]
        return {str(getattr(field, "column", "")) for field in fields}

    def declared_tables(self) -> set[str]:
        """Return the tables that ``load`` may read."""
        return {table for table, _ in self.tables()} | {model._meta.db_table for model in self.lags}


def _combines_hops(routes: list[tuple[str, Route | None]]) -> bool:
    """Return whether several parameters together lead through other tables."""
    return len(routes) > 1 and any(route and route.hops for _, route in routes)


class Cached(Declaration):
    """Values that each have a readable key, such as ``"v1:courses:detail:{pk}"``."""

    def invalidate(self, **params: Any) -> None:
        """Invalidate one value when the open transaction commits.

        No value depends on this call: ``invalidated_by`` is complete by itself.
        """
        pending(self.using).invalidate(self._target(self._in_one_form(params)), self.group)

    def stored(self) -> Iterator[dict[str, Any]]:
        pattern = full_key(self.key)
        names = dict.fromkeys(self.parameters, "*")
        taken = re.escape(pattern).replace(r"\{", "(?P<").replace(r"\}", ">[^:]+)")
        for key in get_gateway().backend.scan(pattern.format_map(names)):
            if match := re.fullmatch(taken, key):
                yield {name: value_of(text) for name, text in match.groupdict().items()}

    @property
    def group(self) -> Target:
        return group_target(full_key(stem(self.key)))

    def _entry(self, params: dict[str, Any]) -> Entry:
        return KeyEntry(self._target(params), self.group, self._ttl, self.fingerprint)

    @functools.cached_property
    def _fields(self) -> dict[str, models.Field[Any, Any]]:
        """Maps each parameter to a field whose values it takes."""
        return {
            name: end_of(model, part)
            for model, path in self.invalidated_by.items()
            if path != ALL and not isinstance(model, str)
            for paths in self._by_parameter(path)
            for name, part in paths.items()
        }

    def _in_one_form(self, params: dict[str, Any]) -> dict[str, Any]:
        """Return the parameters in the form that the database gives them: "07" and 7 are one key."""
        if all(type(value) is int for value in params.values()):  # the usual case: an int has one text
            return params
        return {name: self._value(self._fields.get(name), value) for name, value in params.items()}

    def _value(self, field: models.Field[Any, Any] | None, value: Any) -> Any:
        if value is None or field is None or not has_one_text(field):
            return value
        try:
            return field.to_python(value)
        except ValidationError as error:
            raise ValueError(f"{self.key}: {value!r} is not a value of {field}") from error

    def _target(self, params: dict[str, Any]) -> Target:
        return value_target(fill_in(self.key, {name: params[name] for name in self.parameters}))


class CachedFamily(Declaration):
    """Values that are fields of one hash and are invalidated together, such as a list with any filters.

    Args:
        max_fields: the maximum number of values; the least recently stored one is replaced.
    """

    family = True

    def __init__(self, key: str, *, max_fields: int = 1000, **declaration: Any) -> None:
        super().__init__(key, **declaration)
        self._max_fields = max_fields

    @property
    def group(self) -> Target:
        return value_target(full_key(self.key))

    def _entry(self, params: dict[str, Any]) -> Entry:
        given = sorted((name, value) for name, value in params.items() if value is not None)
        return HashFieldEntry(self.group, urlencode(given), self._ttl, self.fingerprint, self._max_fields)

    def stored(self) -> Iterator[dict[str, Any]]:
        for name in get_gateway().commands(("HKEYS", self.group.key))[0]:
            if not name.startswith(b"#"):  # a tag or a slot (fill_field.lua)
                given = parse_qsl(name.decode(), keep_blank_values=True)
                yield {name: value_of(text) for name, text in given}
