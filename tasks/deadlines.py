"""Deadlines that pass or come near: one statement for all tasks, one notification for each event.

The statements are PostgreSQL's own, because each writes what another of its parts has just found.
"""

from __future__ import annotations

from django.db import connection
from django.utils import timezone

# Of several that run at once one does the work, or each would notify a user of a part of the tasks: the
# others do not get the advisory lock (its number is this statement's own) and mark nothing. Tasks that
# another transaction is changing are left to the next run. ``updated_at`` and with it the ETag stay:
# the task has been overdue since its deadline passed.
MARK_OVERDUE = """
WITH late AS MATERIALIZED (
    SELECT id FROM tasks_task
    WHERE completed_at IS NULL AND deadline < %(now)s AND status <> 'overdue'
        AND (SELECT pg_try_advisory_xact_lock(2004002))
    FOR NO KEY UPDATE SKIP LOCKED
), marked AS (
    UPDATE tasks_task SET status = 'overdue', overdue_at = %(now)s
    FROM late WHERE tasks_task.id = late.id
    RETURNING assigned_to_id
), notified AS (
    INSERT INTO tasks_notification (recipient_id, kind, event_at)
    SELECT DISTINCT assigned_to_id, 'overdue', %(now)s FROM marked WHERE assigned_to_id IS NOT NULL
    ON CONFLICT DO NOTHING
)
SELECT count(*) FROM marked
"""

# In one order, so that two of these at a time do not deadlock. A reminder that was obsolete when it was
# claimed (the task was completed, or the deadline was another) is due again if it holds again.
REMIND = """
INSERT INTO tasks_notification (task_id, recipient_id, kind, event_at)
SELECT tasks_task.id, assigned_to_id,
    CASE WHEN deadline <= %(now)s + interval '1 hour' THEN 'hour_before' ELSE 'day_before' END,
    deadline
FROM tasks_task JOIN auth_user ON auth_user.id = assigned_to_id AND is_active
WHERE completed_at IS NULL AND status <> 'overdue'
    AND deadline > %(now)s AND deadline <= %(now)s + interval '24 hours'
ORDER BY tasks_task.id
ON CONFLICT (recipient_id, kind, event_at, task_id)
    DO UPDATE SET state = 'due', due_at = %(now)s, changed_at = %(now)s
    WHERE tasks_notification.state = 'obsolete'
"""


def mark_overdue() -> int:
    """Mark each open task whose deadline has passed, with one notification for each assignee.

    Returns:
        how many tasks there were.
    """
    with connection.cursor() as cursor:
        cursor.execute(MARK_OVERDUE, {"now": timezone.now()})
        count: int = cursor.fetchone()[0]
    return count


def remind() -> int:
    """Write the notifications for deadlines within 24 hours and within 1; return how many are due now."""
    with connection.cursor() as cursor:
        cursor.execute(REMIND, {"now": timezone.now()})
        return int(cursor.rowcount)
