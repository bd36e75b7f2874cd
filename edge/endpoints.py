"""From an address to the cached value that is its response: what ``api.cached_action`` has declared."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from django.core.signals import setting_changed
from django.urls import Resolver404, resolve

from api.negotiation import may_choose_format
from api.problems.exceptions import Problem
from api.query import is_plain, parse_text
from caching.read.lookup import Lookup
from core.conf import API_PREFIX

MAX_PATH_CHARACTERS = 200


class Endpoint(NamedTuple):
    """A cached endpoint under one address, with the hash and its field in which GETs are counted."""

    route: str  # in the URLconf
    view: Any
    lookup: Lookup
    counted: tuple[str, str] | None


@lru_cache(maxsize=4096)
def find_endpoint(path: str, query: str) -> Endpoint | None:
    """Return the cached endpoint of an address; None if it is none, or only Django can tell."""
    is_usual = path.startswith(API_PREFIX) and len(path) <= MAX_PATH_CHARACTERS and path.isascii()
    if not is_usual or not is_plain(query) or may_choose_format(query):
        return None
    try:
        match = resolve(path)
    except Resolver404:
        return None
    name = getattr(match.func, "actions", {}).get("get")
    if name is None:
        return None
    view = match.func.cls(**match.func.initkwargs)  # type: ignore[attr-defined]  # of a viewset, DRF's
    view.action = name
    cached = getattr(getattr(view, name), "cached", None)
    if cached is None:
        return None
    try:
        params = {**match.kwargs, **parse_text(query, view.get_query_serializer_class())}
        lookup = cached.declaration.lookup(**params)
    except (Problem, ValueError):
        return None
    counts = cached.counts
    counted = (counts.key, str(params[counts.parameter])) if counts else None
    return Endpoint(match.route, view, lookup, counted)


setting_changed.connect(lambda **_: find_endpoint.cache_clear(), weak=False)
