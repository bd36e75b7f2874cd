"""System checks: what the promise needs of the settings."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from caching.redis.checks import check_databases
from caching.tracking import tracked_models

ENGINE = "caching.postgresql"

register(check_databases, "caching")


@register("caching")
def check_engine(**_: Any) -> list[CheckMessage]:
    """The commit carries out the fences, so the connection must be ours."""
    engine = settings.DATABASES["default"]["ENGINE"]
    if engine == ENGINE:
        return []
    return [Error(f"ENGINE is {engine}: the cache would go stale", hint=f"Use {ENGINE}.", id="caching.E001")]


@register("caching")
def check_order(**_: Any) -> list[CheckMessage]:
    """The receivers that conclude an announcement must be connected after the apps' own."""
    labels = list(apps.app_configs)
    late = {m._meta.app_label for m in tracked_models()} & set(labels[labels.index("caching") :])
    return [
        Error(f"{label} stands after caching in INSTALLED_APPS", hint="Put caching last.", id="caching.E002")
        for label in sorted(late)
    ]
