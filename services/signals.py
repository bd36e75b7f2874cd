"""Which change touches what, and which makes prices move. Receivers only.

============================  =======================================================
change                        done
============================  =======================================================
a subscription                the totals are touched
a plan                        filtered totals are touched (its type is a filter);
                              a recalculation is asked for after the commit
a service                     a recalculation is asked for after the commit
============================  =======================================================

Whether the price did change is for the database to know; a recalculation that finds nothing to do
costs a millisecond.
"""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from api.after_commit import publish_after_commit
from caching import rows_changed
from services import cache, tasks
from services.models import Plan, Service, Subscription


@receiver([post_save, post_delete, rows_changed], sender=Subscription)
def touch_totals(**_: Any) -> None:
    cache.touch_totals()


@receiver([post_save, post_delete, rows_changed], sender=Plan)
def touch_selections(**_: Any) -> None:
    cache.selection_totals.touch()


@receiver([post_save, rows_changed], sender=Service)
@receiver([post_save, rows_changed], sender=Plan)
def request_recalculation(created: bool = False, **_: Any) -> None:
    if not created:
        publish_after_commit(tasks.recalculate)
