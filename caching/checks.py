"""System checks: settings and declarations with which a value could become stale."""

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
    """Check that each cached database has the cache's engine: its commit sets the fences."""
    messages: list[CheckMessage] = [
        Error(
            f"{each.key}: the engine of the database {each.using!r} is "
            f"{settings.DATABASES[each.using]['ENGINE']}, so cached values of it would become stale",
            hint=f'Use "ENGINE": "{conf.ENGINE}".',
            id="caching.E001",
        )
        for each in declarations()
        if each.using not in conf.database_aliases()
    ]
    names = {_server(alias): alias for alias in conf.database_aliases()}
    messages += [
        Error(
            f"the database {alias!r} is the same as {names[_server(alias)]!r}, but has another engine: "
            "writes through it would invalidate nothing",
            hint=f'Use "ENGINE": "{conf.ENGINE}" for both.',
            id="caching.E002",
        )
        for alias in settings.DATABASES
        if alias not in conf.database_aliases() and _server(alias) in names
    ]
    return messages


@register("caching")
def check_paths(**_: Any) -> list[CheckMessage]:
    """Check that each path of a declaration leads from its model to a parameter."""
    messages: list[CheckMessage] = []
    for declared in declarations():
        try:
            list(declared.tables())
        except BadPath as error:
            messages.append(Error(str(error), obj=declared.key, id="caching.E003"))
    return messages


@register("caching", "database")
def check_triggers(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """With ``check --database``, check that each declared table has its triggers.

    A finding is a warning: ``migrate`` runs these checks before it makes the triggers, and an error would
    stop it. A declaration whose triggers are missing is not cached, so nothing is stale.
    """
    messages: list[CheckMessage] = []
    for alias in sorted(set(databases or ()) & set(conf.database_aliases())):
        if plans(alias):
            session = Session(alias)
            try:
                messages += _what_is_missing(alias, session)
            finally:
                session.close()
    return messages


def _what_is_missing(alias: str, session: Session) -> list[CheckMessage]:
    """Return warnings about declarations that are not cached; none before the first ``migrate``."""
    ((migrated, outbox),) = session.query(
        "SELECT to_regclass('django_migrations') IS NOT NULL, to_regclass('caching_outbox') IS NOT NULL"
    )
    if not migrated:
        return []
    if not outbox:
        hint = f"manage.py migrate --database {alias}; a database router must allow it for the app caching."
        return [
            Warning(f"nothing of {alias!r} is cached: it has no caching_outbox", hint=hint, id="caching.W005")
        ]
    missing = sorted(uncovered(session.query, alias))
    if not missing:
        return []
    return [
        Warning(
            f"triggers are missing or of another release, so these are not cached: {', '.join(missing)}",
            hint="manage.py migrate makes them.",
            id="caching.W004",
        )
    ]


def _server(alias: str) -> tuple[Any, ...]:
    database = settings.DATABASES[alias]
    return tuple(str(database.get(name) or "") for name in ("HOST", "PORT", "NAME"))
