"""System checks: what the promise needs of the settings and of the declarations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004  (Django's name)

from caching import conf
from caching.paths import BadPath
from caching.postgresql.installed import uncovered
from caching.postgresql.plan import plans
from caching.recovery.session import Session
from caching.redis.checks import check_databases
from caching.registry import declarations

register(check_databases, "caching")


@register("caching")
def check_engines(**_: Any) -> list[CheckMessage]:
    """The commit carries out the fences, so each database that is cached needs the cache's engine."""
    messages: list[CheckMessage] = [
        Error(
            f"{each.key}: the engine of the database {each.using!r} is "
            f"{settings.DATABASES[each.using]['ENGINE']}, so that what is cached of it would go stale",
            hint=f'Use "ENGINE": "{conf.ENGINE}".',
            id="caching.E001",
        )
        for each in declarations()
        if each.using not in conf.database_aliases()
    ]
    names = {_server(alias): alias for alias in conf.database_aliases()}
    messages += [
        Error(
            f"the database {alias!r} is the same as {names[_server(alias)]!r}, with another engine: "
            "writes through it would not invalidate",
            hint=f'Use "ENGINE": "{conf.ENGINE}" for both.',
            id="caching.E002",
        )
        for alias in settings.DATABASES
        if alias not in conf.database_aliases() and _server(alias) in names
    ]
    return messages


@register("caching")
def check_paths(**_: Any) -> list[CheckMessage]:
    """Each path of a declaration must lead from its model to a parameter."""
    messages: list[CheckMessage] = []
    for declared in declarations():
        try:
            list(declared.tables())
        except BadPath as error:
            messages.append(Error(str(error), obj=declared.key, id="caching.E003"))
    return messages


@register("caching", "database")
def check_triggers(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """With ``check --database``: each declared table must report its changes.

    No error, for ``migrate`` runs these checks before it makes the triggers, and an error would keep it
    from that. What lacks a trigger is not cached, so nothing is stale.
    """
    messages: list[CheckMessage] = []
    for alias in sorted(set(databases or ()) & set(conf.database_aliases())):
        if not plans(alias):
            continue
        missing = _missing(alias)
        if missing:
            messages.append(
                Warning(
                    f"triggers are missing or of another release: {', '.join(missing)} are not cached",
                    hint="manage.py migrate makes them.",
                    id="caching.W004",
                )
            )
    return messages


def _missing(alias: str) -> list[str]:
    """Return what is not cached for want of triggers; nothing before the first ``migrate``."""
    session = Session(alias)
    try:
        if session.query("SELECT to_regclass('caching_outbox')") == [(None,)]:
            return []
        return sorted(uncovered(session.query, alias))
    finally:
        session.close()


def _server(alias: str) -> tuple[Any, ...]:
    database = settings.DATABASES[alias]
    return tuple(str(database.get(name) or "") for name in ("HOST", "PORT", "NAME"))
