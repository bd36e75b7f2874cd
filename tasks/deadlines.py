"""Deadlines that pass or come near: one statement for all tasks, one message for each event.

The statements are PostgreSQL's own, because each writes what another of its parts has just found.
tasks/notifications.py composes the messages, and has the form of their keys and payloads.
"""

from __future__ import annotations

from django.db import connection
from django.utils import timezone

from tasks.notifications import iso

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
    INSERT INTO messaging_outgoingmessage (user_id, kind, payload, dedupe_key)
    SELECT DISTINCT assigned_to_id, 'tasks.overdue', jsonb_build_object('event_at', %(iso)s::text),
        'tasks.overdue:' || assigned_to_id || ':' || %(iso)s::text
    FROM marked WHERE assigned_to_id IS NOT NULL
    ON CONFLICT DO NOTHING
)
SELECT count(*) FROM marked
"""

# In one order, so that two of these at a time do not deadlock. A reminder that was obsolete when it was
# to be sent (the task was completed, or the deadline was another) is revived if it holds again.
REMIND = """
INSERT INTO messaging_outgoingmessage (user_id, kind, payload, dedupe_key)
SELECT assigned_to_id, kind, jsonb_build_object('task', tasks_task.id, 'event_at', event_at),
    concat_ws(':', kind, tasks_task.id, assigned_to_id, event_at)
FROM tasks_task JOIN auth_user ON auth_user.id = assigned_to_id AND is_active,
    LATERAL (SELECT
        CASE WHEN deadline <= %(now)s + interval '1 hour' THEN 'tasks.hour_before'
            ELSE 'tasks.day_before' END AS kind,
        to_char(deadline AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS event_at
    ) AS message
WHERE completed_at IS NULL AND status <> 'overdue'
    AND deadline > %(now)s AND deadline <= %(now)s + interval '24 hours'
ORDER BY tasks_task.id
ON CONFLICT (dedupe_key) DO UPDATE SET state = 'pending', due_at = %(now)s, changed_at = %(now)s
    WHERE messaging_outgoingmessage.state = 'obsolete'
"""


def mark_overdue() -> int:
    """Mark each open task whose deadline has passed, with one message for each assignee.

    Returns:
        how many tasks there were.
    """
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(MARK_OVERDUE, {"now": now, "iso": iso(now)})
        count: int = cursor.fetchone()[0]
    return count


def remind() -> int:
    """Record the messages for deadlines within 24 hours and within 1; return how many are due now."""
    with connection.cursor() as cursor:
        cursor.execute(REMIND, {"now": timezone.now()})
        return int(cursor.rowcount)
