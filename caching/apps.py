from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules

from caching import conf


class CachingConfig(AppConfig):
    """Import the declarations of the apps' ``cache`` modules, and install the triggers of their tables."""

    name = "caching"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from caching import checks  # noqa: F401  (registers them)

        autodiscover_modules("cache")
        post_migrate.connect(install_triggers, sender=self)


def install_triggers(using: str, **_: Any) -> None:
    """After ``migrate``, install the triggers by which the declared tables report their changes."""
    from caching.postgresql import triggers

    if using not in conf.database_aliases():
        return
    changed = triggers.install(using)
    for group in triggers.groups(using, changed):
        connections[using].pending.invalidate(group, group)  # type: ignore[attr-defined]  # the engine's
