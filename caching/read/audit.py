"""Compare stored values with the database: the action of ``manage.py cache audit``."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from django.db import DatabaseError

from caching.errors import CacheError
from caching.read.result import CacheResult
from caching.registry import Declared

MAX_ATTEMPTS = 3  # for a value that is written again and again during the comparison


class Finding(NamedTuple):
    """The result of comparing one stored value.

    Attributes:
        same: whether it equals what a load returns; None if that could not be determined.
        reason: otherwise, the difference or the obstacle. It contains no values.
    """

    params: dict[str, Any]
    same: bool | None
    reason: str = ""


def audit(source: Declared, sample: int) -> Iterator[Finding]:
    """Compare up to ``sample`` stored values of a declaration with the database.

    Nothing is stored. A value that has gone by the time it is compared is skipped.

    Raises:
        CacheError: Redis does not answer, or its values may be stale.
    """
    for params in itertools.islice(source.stored(), sample):
        finding = _compare(source, params)
        if finding is not None:
            yield finding


def _compare(source: Declared, params: dict[str, Any]) -> Finding | None:
    """Read the stored value before and after the load: a write in between removes or replaces it."""
    for _ in range(MAX_ATTEMPTS):
        stored = source.peek(**params)
        if stored is None:
            return None
        finding = _differences(source, params, stored)
        if finding.same:
            return finding
        again = source.peek(**params)
        if again is not None and again.body == stored.body:
            return finding
    return Finding(params, None, "it changes all the time")


def _differences(source: Declared, params: dict[str, Any], stored: CacheResult) -> Finding:
    try:
        fresh = json.loads(_load(source, params))
    except (CacheError, DatabaseError):
        raise
    except _UNLOADABLE as error:
        return Finding(params, None, f"its load does not take these parameters: {type(error).__name__}")
    except Exception as error:  # noqa: BLE001  (a load may raise anything for a missing row)
        return Finding(params, False, f"its load raises {type(error).__name__}")
    paths = list(_paths(*(_comparable(value, source.lags) for value in (stored.value, fresh))))
    return Finding(params, not paths, ", ".join(paths))


_UNLOADABLE = (TypeError, AttributeError)


def _load(source: Declared, params: dict[str, Any]) -> bytes:
    """Return what a load returns for integers as parameters; if it refuses them, for their texts."""
    try:
        return source.load_uncached(**params)
    except _UNLOADABLE:
        texts = {name: value if value is None else str(value) for name, value in params.items()}
        return source.load_uncached(**texts)


def _comparable(value: Any, lags: Mapping[Any, Any]) -> Any:
    """Return a value without fields that may lag, and with sorted lists if such a field may order them."""
    if not lags:
        return value
    names: set[str] = set()
    for model, fields in lags.items():
        all_names = (field.name for field in model._meta.concrete_fields if not field.primary_key)
        names.update(all_names if fields == "*" else fields)
    return _without(value, names)


def _without(value: Any, names: set[str]) -> Any:
    if isinstance(value, dict):
        return {name: _without(part, names) for name, part in value.items() if name not in names}
    if isinstance(value, list):
        return sorted((_without(part, names) for part in value), key=json.dumps)
    return value


def _paths(stored: Any, fresh: Any, path: str = "") -> Iterator[str]:
    """Yield the paths at which two values differ, made of names and indexes."""
    if isinstance(stored, dict) and isinstance(fresh, dict):
        for name in sorted(stored.keys() | fresh.keys()):
            if name not in stored or name not in fresh:
                yield f"{path}.{name}".lstrip(".")
            else:
                yield from _paths(stored[name], fresh[name], f"{path}.{name}".lstrip("."))
    elif isinstance(stored, list) and isinstance(fresh, list) and len(stored) == len(fresh):
        for number, pair in enumerate(zip(stored, fresh, strict=True)):
            yield from _paths(*pair, f"{path}[{number}]")
    elif stored != fresh:
        yield path or "the whole value"
