"""What a migration does before names become unique by their keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError
from django.db import migrations
from django.db.models import Count, Q

from core.names import NameKey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import QuerySet

MAX_SHOWN = 100


def refuse_same_names(app: str, model: str, *scope: str, name: str = "name") -> migrations.RunPython:
    """Return an operation that stops with a list if names are the same, or show nothing.

    Nothing is renamed: which of the rows keeps its name is for people to decide.

    Args:
        scope: the fields within whose values names are unique.
        name: the field of the name.
    """

    def check(apps: Any, schema_editor: Any) -> None:
        rows = apps.get_model(app, model)._base_manager.using(schema_editor.connection.alias)
        found = list(_clashes(rows.annotate(key=NameKey(name)), scope, name))
        if found:
            raise CommandError(
                f"Some {apps.get_model(app, model)._meta.verbose_name_plural} have names that are the same "
                "but for letter case, accents' encoding or invisible characters, or that show nothing. "
                "Rename or delete all but one of each, then migrate again:\n" + "\n".join(found)
            )

    return migrations.RunPython(check, migrations.RunPython.noop)


def _clashes(rows: QuerySet[Any], scope: tuple[str, ...], name: str) -> Iterator[str]:
    keys = rows.order_by().values(*scope, "key").annotate(count=Count("pk"))
    for clash in keys.filter(Q(count__gt=1) | Q(key=""))[:MAX_SHOWN]:
        clash.pop("count")
        same = rows.filter(**clash).order_by("pk").values_list("pk", name)[:MAX_SHOWN]
        yield "  " + ", ".join(f"{text!a} (id {pk})" for pk, text in same)
