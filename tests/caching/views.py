"""Every declaration of the test app, read through the cache and from the database."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ObjectDoesNotExist

from tests.caching.testapp import cache

GONE = "gone"


def _views(rows: Any) -> dict[str, tuple[Any, dict[str, Any]]]:
    views: dict[str, tuple[Any, dict[str, Any]]] = {
        f"book {name}": (cache.book_detail, {"pk": rows.pks[name]}) for name in ("book", "sequel", "third")
    }
    for name in ("upper", "lower"):
        shelf = rows.pks[name]
        views[f"shelf {name}"] = (cache.shelf_detail, {"pk": shelf})
        views[f"labels {name}"] = (cache.shelf_labels, {"pk": shelf})
        views[f"page {name}"] = (cache.book_pages, {"shelf": shelf})
    views["page"] = (cache.book_pages, {})
    for name in ("ann", "bob"):
        views[f"reader {name}"] = (cache.reader_books, {"pk": rows.pks[name]})
    return views | {"loose": (cache.loose_names, {}), "mute": (cache.mute_names, {})}


def cached(rows: Any) -> dict[str, Any]:
    """Return the result of each read through the cache."""
    return {name: _or_gone(lambda t=thing, p=params: t.get(**p).value) for name, (thing, params) in _of(rows)}


def stored(rows: Any) -> dict[str, Any]:
    """Return the result of each load."""
    return {name: _or_gone(lambda t=thing, p=params: t._load(**p)) for name, (thing, params) in _of(rows)}


def _of(rows: Any) -> Any:
    return _views(rows).items()


def _or_gone(read: Any) -> Any:
    try:
        return read()
    except ObjectDoesNotExist:
        return GONE
