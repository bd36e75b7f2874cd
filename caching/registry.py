"""Which tables feed which cached things."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, KeysView

from django.db.models import Model

from caching.keys import Node

_whole_by_table: dict[str, set[Callable[[], Node]]] = defaultdict(set)


def depend(models: Iterable[type[Model]], whole: Callable[[], Node]) -> None:
    """Have unannounced writes to the models' tables invalidate ``whole()``."""
    from caching.tracking import track

    for model in models:
        _whole_by_table[model._meta.db_table].add(whole)
        track(model)


def tracked_tables() -> KeysView[str]:
    """Names of the tables on which something cached depends."""
    return _whole_by_table.keys()


def dependents(table: str) -> set[Node]:
    """What is invalidated when ``table`` changes in a way that nobody announced."""
    return {whole() for whole in _whole_by_table.get(table, ())}
