"""What operators want to know of the database."""

from __future__ import annotations

from django.db import connection
from django.db.models import Count, Min
from django.utils import timezone

from caching.models import Outbox
from messaging.models import UNDELIVERED, OutgoingMessage
from services import subscription_totals

CONNECTIONS = (
    "SELECT coalesce(state, 'other'), count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() GROUP BY 1"
)


def outbox() -> tuple[int, float]:
    """Return the number of invalidations in the outbox, and the age of the oldest in seconds."""
    found = Outbox.objects.aggregate(rows=Count("pk"), oldest=Min("created_at"))
    age = (timezone.now() - found["oldest"]).total_seconds() if found["oldest"] else 0.0
    return found["rows"], age


def pending_prices() -> int:
    """Return the number of subscriptions whose price is not up to date."""
    return subscription_totals.read_of(price_status="pending").number


def undelivered_messages() -> dict[str, int]:
    """Return the number of messages in each state of those that are not delivered."""
    undelivered = OutgoingMessage.objects.filter(state__in=UNDELIVERED).order_by()
    counted = undelivered.values_list("state").annotate(messages=Count("*"))
    return dict.fromkeys(UNDELIVERED, 0) | dict(counted)


def database_connections() -> dict[str, int]:
    """Return the number of connections to the database in each of PostgreSQL's states."""
    with connection.cursor() as cursor:
        cursor.execute(CONNECTIONS)
        return dict(cursor.fetchall())
