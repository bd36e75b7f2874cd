"""Celery's entry points. Each may be repeated, lost or run twice at once: nothing but time is lost."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from services import pricing, recalculation, tally
from services.models import Subscription
from services.singleton import Singleton


# The rate spreads a burst of changes over few runs: the first is run at once, the rest wait, and
# while one waits no other is sent.
@shared_task(base=Singleton, rate_limit="30/m")
def recalculate() -> None:
    """Bring every price up to date."""
    if recalculation.recalculate():
        recalculate.publish()


@shared_task
def repair() -> None:
    """The same, by beat and without a lock: for changes whose message was never sent, or got lost."""
    recalculation.recalculate()


@shared_task
def tidy() -> None:
    """Keep what grows with the changes small."""
    tally.compact()
    recalculation.forget_old()


@shared_task(base=Singleton)
def set_price(subscription_id: int) -> None:
    """Bring one price up to date."""
    pricing.reprice(subscription_id)


@shared_task(base=Singleton)
def set_comment(subscription_id: int) -> None:
    """Write the time of this recalculation into the comment, and nothing into any other column."""
    row = Subscription.objects.filter(pk=subscription_id)
    row.update(comment=timezone.now().isoformat(sep=" ", timespec="seconds"))
