"""Answers that are put together from several cached parts."""

from __future__ import annotations

from caching import CacheResult
from caching.read.result import encode


def first_miss(*parts: CacheResult) -> CacheResult:
    """The part that says how the whole was come by: a hit only where all parts were."""
    return next((part for part in parts if part.x_cache != "HIT"), parts[0])


def made_of(value: object, *parts: CacheResult) -> CacheResult:
    """``value``, put together from the parts and what no cache holds, as a reading."""
    part = first_miss(*parts)
    return CacheResult(encode(value), part.x_cache, part.detail)
