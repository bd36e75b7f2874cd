"""Tell the database who or what changes prices in a transaction. Its triggers record that.

A statement of Django's that writes one of the tables below is preceded by another, which sets two
variables until the end of the transaction. Other statements, reads above all, cost nothing more.
"""

from __future__ import annotations

import re
from contextlib import nullcontext
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.db import transaction

from core.actor import current_actor

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.backends.base.base import BaseDatabaseWrapper

_WRITES_PRICES = re.compile(
    r'\b(?:insert\s+into|update|merge\s+into)\s+"?services_(?:(?:service|plan|pricechange)\b'
    r'|subscription\b.*?\bset\b.*?\b(?:service|plan)_id"?\s*=)',
    re.IGNORECASE | re.DOTALL,
)
ACT_FOR = "SELECT set_config('syllabus.user', %s, true), set_config('syllabus.via', %s, true)"


def attribute(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
    """Execute a statement; one that may change prices in a transaction that knows who or what acts."""
    if type(sql) is not str or not _writes_prices(sql):
        return execute(sql, params, many, context)
    connection = context["connection"]
    own = connection.get_autocommit() and not connection.in_atomic_block
    with transaction.atomic(using=connection.alias) if own else nullcontext():
        actor = current_actor()
        with connection.cursor() as cursor:
            cursor.execute(ACT_FOR, [str(actor.user_id or ""), actor.via])
        return execute(sql, params, many, context)


def attribute_changes(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Have ``attribute`` called for each statement of a connection."""
    if connection.vendor == "postgresql" and attribute not in connection.execute_wrappers:
        connection.execute_wrappers.append(attribute)


@lru_cache(maxsize=1024)
def _writes_prices(sql: str) -> bool:
    return _WRITES_PRICES.search(sql) is not None
