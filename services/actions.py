"""Writes that are more than one ``save()``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F

from services import tasks

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from services.models import Plan, Service


@transaction.atomic
def request_recalculation(sources: QuerySet[Service] | QuerySet[Plan]) -> int:
    """Have every price that follows these services or plans computed anew; how many sources.

    Nothing of it needs doing while the database is right: it is for those who doubt it.
    """
    tasks.recalculate.delay_on_commit()
    return sources.update(revision=F("revision") + 1)
