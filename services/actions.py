"""Writes that are more than one ``save()``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_noop

from services import tasks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet

    from services.models import Plan, Service

SINGLE_TASKS = (tasks.set_price, tasks.set_comment)
RECALCULATION_REQUESTED = gettext_noop("Recalculation requested.")  # in the history


@transaction.atomic
def request_recalculation(sources: QuerySet[Service] | QuerySet[Plan]) -> int:
    """Have every price that follows these services or plans computed again. Return the number of sources.

    While the database is right this is not needed: it is for those who doubt it.
    """
    tasks.recalculate.delay_on_commit()
    return sources.update(revision=F("revision") + 1)


def recalculate_single(subscription_ids: Iterable[int]) -> int:
    """Send ``set_price`` and ``set_comment`` for each subscription, as the source's ``save()`` does.

    Return for how many both messages wait now. The others were not sent: the broker is away.
    """
    return sum(all(task.publish(pk) for task in SINGLE_TASKS) for pk in subscription_ids)
