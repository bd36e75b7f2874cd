"""What makes prices move: a change of a service or a plan asks for a recalculation after its commit.

Whether the price did change is for the database to know; a recalculation that finds nothing to do
costs a millisecond. ``QuerySet.update()`` and ``bulk_update()`` ask for one in ``PriceSourceQuerySet``;
whatever is changed past Django is found by the periodic ``services.tasks.repair``.
"""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver

from services import tasks
from services.models import Plan, Service, prices_changed


@receiver(post_save, sender=Service)
@receiver(post_save, sender=Plan)
@receiver(prices_changed)
def request_recalculation(created: bool = False, **_: Any) -> None:
    if not created:
        tasks.recalculate.delay_on_commit()
