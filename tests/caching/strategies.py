"""The cache under test and naive ones, with one interface: a schedule must be able to fail.

Each naive strategy is in use in real projects. A schedule that makes none of them stale proves nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.db.models.signals import post_delete, post_save

from caching.gateway import get_gateway
from tests.caching.interleaving import reach
from tests.caching.testapp.cache import book_detail, book_pages, load_book, load_page
from tests.caching.testapp.models import Book

TTL_SECONDS = 300


class Ours:
    """The cache of this project."""

    def title(self, pk: int) -> str:
        """Return the title of a book, read through the cache."""
        return book_detail.get(pk=pk).value["title"]

    def titles(self) -> list[str]:
        """Return the titles of all books, read through the cache."""
        return book_pages.get().value["titles"]

    @contextlib.contextmanager
    def installed(self) -> Iterator[None]:
        """Connect receivers during the block. Our cache needs none."""
        yield


class DeletesInPostSave:
    """``cache.get``, ``cache.set``; a post_save receiver deletes."""

    def title(self, pk: int) -> str:
        return self._through(f"naive:{pk}", lambda: load_book(pk))["title"]

    def titles(self) -> list[str]:
        return self._through("naive:page", load_page)["titles"]

    def _through(self, key: str, load: Callable[[], Any]) -> Any:
        value = cache.get(key)
        if value is None:
            value = load()
            reach("fill")
            cache.set(key, value, TTL_SECONDS)
        return value

    @contextlib.contextmanager
    def installed(self) -> Iterator[None]:
        get_gateway().backend.reconnect()  # our cache clears each node of a cluster that it meets first
        for signal in (post_save, post_delete):
            signal.connect(self._changed, sender=Book)
        try:
            yield
        finally:
            for signal in (post_save, post_delete):
                signal.disconnect(self._changed, sender=Book)

    def _changed(self, instance: Book, **_: Any) -> None:
        self._delete(instance.pk)

    def _delete(self, pk: int) -> None:
        cache.delete_many([f"naive:{pk}", "naive:page"])


class DeletesOnCommit(DeletesInPostSave):
    """The receiver registers the delete with ``transaction.on_commit``."""

    def _changed(self, instance: Book, **_: Any) -> None:
        pk = instance.pk
        transaction.on_commit(lambda: self._delete(pk))


class GetOrSet(DeletesOnCommit):
    """``cache.get_or_set``, which ends in an ``add``; the delete is registered ``on_commit``."""

    def _through(self, key: str, load: Callable[[], Any]) -> Any:
        return cache.get_or_set(key, load, TTL_SECONDS)


STRATEGIES = {
    "ours": Ours,
    "post_save": DeletesInPostSave,
    "on_commit": DeletesOnCommit,
    "get_or_set": GetOrSet,
}
