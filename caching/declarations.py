"""What an app declares: a cached value under a key of its own, or one of a family, and what changes it."""

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
from caching.read.read_through import peek, read_through
from caching.read.result import CacheResult
from caching.read.shape import fingerprint
from caching.registry import register
from caching.write.pending import pending

ALL: Final = "*"  # a change of any row invalidates everything that the thing holds

Path = str | Mapping[str, str] | Sequence[str | Mapping[str, str]]


class Declaration:
    """What ``Cached`` and ``CachedFamily`` have in common.

    Args:
        key: the key in Redis; ``Cached`` takes parameters in braces.
        ttl: seconds that a value is kept at most.
        load: called with the parameters on a miss; returns what JSON can hold, or raises. It runs in
            a read-only transaction of its own and must not depend on who asks.
        invalidated_by: by model, or by the name of a table without one, which values a changed row
            concerns: a path from the row to the parameter (``"module__course_id"``), a mapping of
            parameters to paths, several of these in a list, or ``ALL``. Every table that ``load`` reads
            must be named.
        lags: by model, the fields whose changes invalidate nothing (``ALL``: of all fields). They are
            shown as they were when the value was stored, for at most ``ttl`` seconds.
        shape: what the value looks like, for example its serializer; with ``version`` it makes the
            fingerprint that keeps two releases from reading each other's values.
        version: to be changed when the value changes in a way that ``shape`` does not show.
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
            Whatever ``load`` raises; nothing is stored then.
        """
        params = self._in_one_form(params)
        return read_through(self, self._entry(params), functools.partial(self._load, **params))

    def _in_one_form(self, params: dict[str, Any]) -> dict[str, Any]:
        return params

    def load_uncached(self, **params: Any) -> bytes:
        """Return the JSON text that a miss would store, without the cache.

        Raises:
            Whatever ``load`` raises.
        """
        return load(self, functools.partial(self._load, **self._in_one_form(params)))

    def peek(self, **params: Any) -> CacheResult | None:
        """Return the stored value, None where none may be read. Nothing is loaded or stored.

        Raises:
            CacheError: Redis does not answer, or what it holds is not to be believed.
        """
        return peek(self, self._entry(self._in_one_form(params)))

    def stored(self) -> Iterator[dict[str, Any]]:
        """Yield the parameters of the values that are stored now. For maintenance: it scans Redis.

        What looks like a whole number is one.

        Raises:
            RedisUnavailable: it does not answer.
        """
        raise NotImplementedError

    def invalidate_all(self) -> None:
        """Have the commit of the open transaction invalidate everything that this thing holds."""
        pending(self.using).invalidate(self.group, self.group)

    @property
    def group(self) -> Target:
        """What covers every value of this thing."""
        raise NotImplementedError

    def _entry(self, params: dict[str, Any]) -> Entry:
        raise NotImplementedError

    @functools.cached_property
    def fingerprint(self) -> str:
        """The shape of the values, as eight characters."""
        return fingerprint(self._shape, self._version)

    def tables(self) -> Iterator[tuple[str, Dependent]]:
        """Yield each table that the thing depends on, with what its changes invalidate.

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
                raise BadPath(f"{self.key}: {each!r} does not give each of {self.parameters}; ALL would do")
            yield paths

    def _one_route(
        self, model: type[models.Model], paths: Mapping[str, str]
    ) -> tuple[tuple[str, Route], ...] | None:
        routes = [(name, compile_route(model, part)) for name, part in sorted(paths.items())]
        if any(route is None for _, route in routes) or _combines_hops(routes):
            return None
        return tuple((name, route) for name, route in routes if route)

    def lagging(self, table: str) -> set[str]:
        """Return the columns of a table whose changes invalidate nothing of this thing."""
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
    """Return whether several parameters would have to be followed through other tables together."""
    return len(routes) > 1 and any(route and route.hops for _, route in routes)


class Cached(Declaration):
    """Values that each have a readable key, such as ``"v1:courses:detail:{pk}"``."""

    def invalidate(self, **params: Any) -> None:
        """Have the commit of the open transaction invalidate one value.

        For receivers that want to say so; completeness rests on ``invalidated_by``.
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
        """By parameter, a field whose values it takes."""
        return {
            name: end_of(model, part)
            for model, path in self.invalidated_by.items()
            if path != ALL and not isinstance(model, str)
            for paths in self._by_parameter(path)
            for name, part in paths.items()
        }

    def _in_one_form(self, params: dict[str, Any]) -> dict[str, Any]:
        """Return the parameters as the database has them: "07" and 7 are one key."""
        if all(type(value) is int for value in params.values()):  # most of them: it has one text
            return params
        return {name: self._value(self._fields.get(name), value) for name, value in params.items()}

    def _value(self, field: models.Field[Any, Any] | None, value: Any) -> Any:
        if value is None or field is None or not has_one_text(field):
            return value
        try:
            return field.to_python(value)
        except ValidationError as error:
            raise ValueError(f"{self.key}: {value!r} is no value of {field}") from error

    def _target(self, params: dict[str, Any]) -> Target:
        return value_target(fill_in(self.key, {name: params[name] for name in self.parameters}))


class CachedFamily(Declaration):
    """Values that are fields of one hash and are invalidated together: a list under all its filters.

    Args:
        max_fields: how many values it holds; the least recently stored one is replaced.
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
            if not name.startswith(b"#"):  # tags and the like (fill_field.lua)
                given = parse_qsl(name.decode(), keep_blank_values=True)
                yield {name: value_of(text) for name, text in given}
