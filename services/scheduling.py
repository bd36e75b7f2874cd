"""Prices and discounts for a future moment: set, removed, and applied when it has come.

A scheduled change is a row that is not applied. Applying it updates the service or plan, which gives it a
new revision; from that commit on its subscriptions are pending, and the recalculation follows.

::

    run                                     request
    locks the service
    marks the row as applied
    updates the service's price             deletes the row: waits for the service
    COMMIT                                  the row is applied: refused

Everything is done under the lock of the service or plan. So two runs apply a row once, and a row is either
applied or deleted. A service that another transaction holds is left to the next run, for it must not keep
the others waiting. What was due during an outage is applied by the first run after it, all at once; the
history has the moments that were set.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import DatabaseError, transaction
from django.db.models import F
from django.db.models.functions import Now

from api.problems.exceptions import Conflict
from services.history import VALUES
from services.models import Plan, PriceChange, Service

if TYPE_CHECKING:
    from uuid import UUID

# Beat's period (config/settings.py). A run looks as far ahead.
LOOK_AHEAD = timedelta(seconds=20)

logger = logging.getLogger(__name__)

MODELS: dict[str, type[Service] | type[Plan]] = {"service": Service, "plan": Plan}


def apply_due() -> int:
    """Apply every scheduled change whose moment has come. Return for how many services and plans.

    Raises:
        DatabaseError: of those that failed, the last; all others are applied.
    """
    due = PriceChange.objects.filter(applied_at=None, effective_from__lte=Now()).order_by()
    applied, failure = 0, None
    for service, plan in due.values_list("service", "plan").distinct():
        kind, pk = ("plan", plan) if service is None else ("service", service)
        try:
            applied += _apply(kind, pk)
        except DatabaseError as error:
            logger.exception("The scheduled change of %s %s was not applied", kind, pk)
            failure = error
    if failure:
        raise failure
    return applied


@transaction.atomic
def _apply(kind: str, pk: int) -> bool:
    """Apply what is due for a service or plan; return False if another run has, or if it is locked."""
    free = MODELS[kind]._default_manager.select_for_update(no_key=True, skip_locked=True)
    if free.filter(pk=pk).first() is None:
        return False
    changes = PriceChange.objects.filter(**{kind: pk})
    if not changes.filter(applied_at=None, effective_from__lte=Now()).update(applied_at=Now()):
        return False
    latest = changes.exclude(applied_at=None).latest("effective_from")
    value = VALUES[kind]
    source = MODELS[kind]._default_manager.filter(pk=pk).exclude(**{value: latest.value})
    source.update(**{value: latest.value})
    return True


def seconds_to_next() -> float | None:
    """Return in how many seconds the next change is due, if that is before beat looks again.

    By the database's clock, which decides what is due: a worker's may differ.
    """
    soon = PriceChange.objects.filter(
        applied_at=None, effective_from__gt=Now(), effective_from__lte=Now() + LOOK_AHEAD
    )
    waits = soon.order_by("effective_from").values_list(F("effective_from") - Now(), flat=True)
    wait = waits.first()
    return wait.total_seconds() if wait else None


def unschedule(change: PriceChange) -> None:
    """Delete a scheduled change. The caller holds its service or plan.

    Raises:
        Conflict: its moment has come (409).
    """
    if not delete_if_scheduled(change.pk):
        raise Conflict("Its moment has come: it has taken effect, and is part of the history.")


def delete_if_scheduled(pk: UUID) -> bool:
    """Delete a change unless its moment has come; return whether it was deleted."""
    scheduled: Any = PriceChange.objects.filter(pk=pk, applied_at=None, effective_from__gt=Now())
    return bool(scheduled.delete()[0])
