"""Deadlines that pass or come near: one statement for all tasks, each told once.

The statements are PostgreSQL's own, because each writes what another of its parts has just found.
"""

from __future__ import annotations

from django.db import connection
from django.utils import timezone

# Of several at a time one does it, or each would tell a person of a part of his tasks: the others get
# no advisory lock (its number is this statement's own) and turn nothing. Tasks that somebody is
# changing now are left to the next run.
TURN_OVERDUE = """
WITH late AS MATERIALIZED (
    SELECT id FROM tasks_task
    WHERE completed_at IS NULL AND deadline < %(now)s AND status <> 'overdue'
        AND (SELECT pg_try_advisory_xact_lock(2004002))
    FOR NO KEY UPDATE SKIP LOCKED
), turned AS (
    UPDATE tasks_task SET status = 'overdue', overdue_at = %(now)s, updated_at = %(now)s
    FROM late WHERE tasks_task.id = late.id
    RETURNING assigned_to_id
), told AS (
    INSERT INTO tasks_notice (recipient_id, kind, occasion)
    SELECT DISTINCT assigned_to_id, 'overdue', %(now)s FROM turned WHERE assigned_to_id IS NOT NULL
    ON CONFLICT DO NOTHING
)
SELECT count(*) FROM turned
"""

# In one order, so that two of these at a time wait for each other's rows and not in a circle.
REMIND = """
INSERT INTO tasks_notice (task_id, recipient_id, kind, occasion)
SELECT id, assigned_to_id,
    CASE WHEN deadline <= %(now)s + interval '1 hour' THEN 'hour_before' ELSE 'day_before' END,
    deadline
FROM tasks_task
WHERE completed_at IS NULL AND status <> 'overdue' AND assigned_to_id IS NOT NULL
    AND deadline > %(now)s AND deadline <= %(now)s + interval '24 hours'
ORDER BY id
ON CONFLICT DO NOTHING
"""


def turn_overdue() -> int:
    """Turn overdue every open task whose deadline has passed, with one notice for each assignee."""
    with connection.cursor() as cursor:
        cursor.execute(TURN_OVERDUE, {"now": timezone.now()})
        count: int = cursor.fetchone()[0]
    return count


def remind() -> int:
    """Write the notices for deadlines within 24 hours and within 1; how many are new."""
    with connection.cursor() as cursor:
        cursor.execute(REMIND, {"now": timezone.now()})
        return int(cursor.rowcount)
