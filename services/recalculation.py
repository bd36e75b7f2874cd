"""Bring prices that a changed service or plan has left behind up to date, in chunks.

What is left to do is read from the database alone: every subscription that was priced at an older
revision than its service or plan has now. So nothing that is lost on the way (a message, a worker, a
lock) can lose a price; it can only delay it.

Several workers may run this at once. For the length of a chunk a run locks the ``Recalculation`` of a
service or plan; another run that finds it locked continues with the next.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from django.db import transaction
from django.db.models import BooleanField, ExpressionWrapper, F, Q
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now
from django.utils import timezone

from services import subscription_totals
from services.cachalot import past_cachalot
from services.models import Plan, Recalculation, Service, Subscription
from services.pricing import reprice_rows

if TYPE_CHECKING:
    from django.db.models import QuerySet

logger = logging.getLogger(__name__)

Row = TypeVar("Row", Service, Plan)

RECALCULATION_RETENTION = timedelta(days=30)

# Rows that one transaction locks: about a tenth of a second's work.
CHUNK_ROWS = 2_000


class Source(NamedTuple):
    """A service or plan with subscriptions that were priced before it last changed.

    Attributes:
        kind: ``service`` or ``plan``.
        pk: its id.
        revision: its revision now.
        rows: how many of its subscriptions are not up to date.
    """

    kind: str
    pk: int
    revision: int
    rows: int

    def behind(self) -> dict[str, int]:
        """Return the look-ups that select its subscriptions that are not up to date."""
        return {self.kind: self.pk, f"{self.kind}_revision__lt": self.revision}

    def pending(self) -> QuerySet[Subscription]:
        """Return its subscriptions that are not up to date."""
        return Subscription.objects.filter(**self.behind()).order_by()

    def recalculations(self) -> QuerySet[Recalculation]:
        """Return its recalculation that is not finished, if there is one."""
        return Recalculation.objects.filter(**{self.kind: self.pk}, finished_at=None)


@past_cachalot()
def recalculate() -> bool:
    """Bring every price up to date.

    Returns:
        Whether some are left, because another transaction holds their rows, or another run is at it: that
        one may be killed, so look again later.
    """
    while True:
        sources = pending_sources()
        repriced = sum(_walk(source) for source in sources)
        _close_finished()
        if not repriced:
            return bool(sources)


@past_cachalot()
def pending_sources() -> list[Source]:
    """Return every service and plan that has subscriptions to be priced, by the kept totals."""
    return [Source(*row) for row in subscription_totals.read_behind()]


def with_pending(sources: QuerySet[Row], kind: str) -> QuerySet[Row]:
    """Annotate services or plans with ``pending``: whether subscriptions of theirs are to be priced."""
    ids = RawSQL(subscription_totals.IDS_BEHIND[kind], [])  # noqa: S611  (a constant)
    return sources.annotate(pending=ExpressionWrapper(Q(pk__in=ids), output_field=BooleanField()))


def _walk(source: Source) -> int:
    """Price what is behind and not held. Return how many."""
    _open(source)
    repriced = last = 0
    while chunk := _reprice_chunk(source, after=last):
        repriced, last = repriced + len(chunk), chunk[-1]
    if repriced:
        logger.info("%s %s: %s subscriptions have a new price", source.kind, source.pk, f"{repriced:,}")
    return repriced


@transaction.atomic
def _open(source: Source) -> None:
    """Record, for people, that it has begun and how much there is to do."""
    subject: dict[str, Any] = {f"{source.kind}_id": source.pk, "finished_at": None}
    Recalculation.objects.get_or_create(**subject)
    if _hold(source):
        total = F("done") + source.rows
        source.recalculations().update(total=total, updated_at=Now())


@transaction.atomic
def _reprice_chunk(source: Source, after: int) -> list[int]:
    """Price the next rows and return their ids; none if another run is at it.

    Rows that another transaction holds are passed over. So this never waits while it holds rows, and
    cannot be part of a deadlock.
    """
    if not _hold(source):
        return []
    behind = source.pending().filter(pk__gt=after)
    rows = behind.select_for_update(skip_locked=True, no_key=True).order_by("pk")
    chunk = list(rows.values_list("pk", flat=True)[:CHUNK_ROWS])
    if chunk:
        reprice_rows(chunk)
        source.recalculations().update(done=F("done") + len(chunk), updated_at=Now())
    return chunk


def _hold(source: Source) -> bool:
    """Lock the source's recalculation until the transaction ends. Return False if another run has it."""
    return source.recalculations().select_for_update(skip_locked=True).first() is not None


def delete_old() -> None:
    """Delete recalculations that were finished long ago."""
    Recalculation.objects.filter(finished_at__lt=timezone.now() - RECALCULATION_RETENTION).delete()


def _close_finished() -> None:
    """Record the end of recalculations with nothing left to do, also of those whose run was killed."""
    with transaction.atomic():
        rows = Recalculation.objects.select_for_update(skip_locked=True).filter(finished_at=None)
        opened = list(rows.values_list("pk", "service", "plan"))
        pending = {(source.kind, source.pk) for source in pending_sources()} if opened else set()
        finished = [
            pk
            for pk, service, plan in opened
            if ("service", service) not in pending and ("plan", plan) not in pending
        ]
        Recalculation.objects.filter(pk__in=finished).update(finished_at=Now(), updated_at=Now())
