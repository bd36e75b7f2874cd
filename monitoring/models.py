"""The permissions to look into the cache, and what the dashboard adds up."""

from __future__ import annotations

from django.db import models


class CacheKey(models.Model):  # noqa: DJ008  (there are no rows to show)
    """A key of the cache in Redis. Its value may hold rows that its reader has no permission for."""

    class Meta:
        managed = False
        default_permissions = ()
        permissions = (
            ("view_cache_keys", "Can view the cache's keys and values"),
            ("delete_cache_keys", "Can delete cached values"),
        )


class DashboardSum(models.Model):
    """A change of a sum that the dashboard shows: the rows of one kind and key add up to it.

    Triggers add rows (migration 0002), a periodic task merges them. So a statement that changes a million
    subscriptions adds a row for each service and plan, no writer waits for another, and the dashboard
    reads some hundred rows.
    """

    class Kind(models.TextChoices):
        SOLD = "sold"  # the key is service:plan, the amount the sum of prices
        SUBSCRIBED = "subscribed"  # the keys of the others are the first days of weeks
        ENROLLED = "enrolled"
        COMPLETED = "completed"

    kind = models.CharField(max_length=10, choices=Kind)
    key = models.CharField(max_length=50)
    count = models.BigIntegerField()
    amount = models.DecimalField(max_digits=24, decimal_places=2, db_default=0)

    class Meta:
        default_permissions = ()
        permissions = (("view_dashboard", "Can view the dashboard's state of the cache and the workers"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.key}: {self.count}"
