"""Celery's entry points. Each may be repeated, lost or run twice at once: only time is lost."""

from __future__ import annotations

from celery import shared_task

from core.celery import summary
from services import pricing, recalculation, scheduling, subscription_totals
from services.deduplication import DedupedTask


# The rate spreads a burst of changes over few runs: the first is run at once, the rest wait, and
# while one waits no other is sent.
@shared_task(base=DedupedTask, rate_limit="30/m")
def recalculate() -> None:
    """Bring every price up to date."""
    if recalculation.recalculate():
        recalculate.publish()


@shared_task
def repair() -> None:
    """Apply scheduled prices; then do the same without a lock, for changes whose message was lost."""
    try:
        apply_scheduled()
    finally:  # also if a service that is due stays locked
        recalculation.recalculate()


@shared_task
def apply_scheduled() -> str:
    """Apply the changes that are due, and look again at the next moment before beat's next run."""
    done = summary(scheduled_changes_applied=scheduling.apply_due())
    seconds = scheduling.seconds_to_next()
    if seconds is not None:
        apply_scheduled.publish(countdown=seconds)
    return done


@shared_task
def tidy() -> None:
    """Keep small what grows with the changes."""
    subscription_totals.compact()
    recalculation.delete_old()


@shared_task(base=DedupedTask)
def set_price(subscription_id: int) -> None:
    """Bring one price up to date."""
    pricing.reprice(subscription_id)


@shared_task(base=DedupedTask)
def set_comment(subscription_id: int) -> None:
    """Write the time of this recalculation into the comment, unless a person wrote it."""
    pricing.stamp(subscription_id)
