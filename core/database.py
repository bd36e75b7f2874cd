"""Timeouts of PostgreSQL for work that takes longer than a request."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from django.conf import settings
from django.core import checks
from django.db import DEFAULT_DB_ALIAS, connections, transaction

from core.session_timeouts import as_options, milliseconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

STATEMENT_TIMEOUT = "statement_timeout"


@contextlib.contextmanager
def statement_timeout(seconds: float, using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Run the block in a transaction whose statements may take this long; zero: as long as they need.

    It also works behind a transaction pooler. Within an open transaction it holds until that ends.
    """
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout TO {milliseconds(seconds)}")
        yield


@contextlib.contextmanager
def session_statement_timeout(seconds: float, using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Let the statements of this process take this long in the block, on a connection that it opens.

    Behind a transaction pooler this does nothing: its sessions have the role's timeouts.
    """
    connection = connections[using]
    if settings.DB_POOLER or connection.in_atomic_block:
        yield
        return
    connection.close()
    before = set_statement_timeout(seconds, using)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["OPTIONS"]["options"] = before


def set_statement_timeout(seconds: float, using: str = DEFAULT_DB_ALIAS) -> str:
    """Give connections that this process opens from now on a timeout. Return their previous options."""
    options = connections[using].settings_dict["OPTIONS"]
    before: str = options.get("options", "")
    if not settings.DB_POOLER:
        options["options"] = f"{before} {as_options({STATEMENT_TIMEOUT: seconds})}"
    return before


@checks.register(checks.Tags.database)
def check_timeouts(databases: Sequence[str] | None = None, **_: object) -> list[checks.CheckMessage]:
    """Warn if statements have no timeout behind a pooler, where the connection cannot bring its own."""
    if not settings.DB_POOLER or DEFAULT_DB_ALIAS not in (databases or ()):
        return []
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        (found,) = cursor.fetchone()
    if found != "0" or not settings.DB_TIMEOUTS[STATEMENT_TIMEOUT]:
        return []
    hint = "Run `manage.py dbtimeouts`, then RECONNECT in the pooler's console."
    return [checks.Warning("Statements have no timeout behind the pooler.", hint=hint, id="core.W001")]
