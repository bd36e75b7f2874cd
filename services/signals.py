"""A change of a service or a plan requests a recalculation after its commit.

The database knows whether the price did change; a recalculation that finds nothing to do costs a
millisecond. ``QuerySet.update()`` and ``bulk_update()`` request one through ``PriceSourceQuerySet``;
a change that bypasses Django is found by the periodic ``services.tasks.repair``.
"""

from __future__ import annotations

from typing import Any

from django.db.backends.signals import connection_created
from django.db.models.signals import post_save
from django.dispatch import receiver

from services import tasks
from services.attribution import attribute_changes
from services.models import Plan, Service, prices_changed


@receiver(post_save, sender=Service)
@receiver(post_save, sender=Plan)
@receiver(prices_changed)
def request_recalculation(created: bool = False, **_: Any) -> None:
    if not created:
        tasks.recalculate.delay_on_commit()


connection_created.connect(attribute_changes)
