"""Merging the rows of ``DashboardSum``, of which every statement that changes a sum adds some."""

from __future__ import annotations

from django.db import connection

# Only keys with several rows, so that a run with nothing to merge changes nothing and invalidates nothing.
# One statement, so that no reader sees rows deleted and their sum not inserted.
MERGE = """
WITH several AS (
    SELECT kind, key FROM monitoring_dashboardsum GROUP BY kind, key HAVING count(*) > 1
), gone AS (
    DELETE FROM monitoring_dashboardsum AS sums USING several
    WHERE sums.kind = several.kind AND sums.key = several.key
    RETURNING sums.kind, sums.key, sums.count, sums.amount
)
INSERT INTO monitoring_dashboardsum (kind, key, count, amount)
SELECT kind, key, sum(count), sum(amount) FROM gone GROUP BY kind, key
HAVING sum(count) <> 0 OR sum(amount) <> 0
"""


def merge() -> None:
    """Replace the rows of each key by one with their sum."""
    with connection.cursor() as cursor:
        cursor.execute(MERGE)
