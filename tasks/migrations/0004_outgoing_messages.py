"""Notifications become outgoing messages of messaging, in the same states, so that none is sent twice."""

from django.db import migrations

MOVE = """
INSERT INTO messaging_outgoingmessage (user_id, kind, payload, dedupe_key, state, due_at, attempts, channel,
    error, created_at, changed_at)
SELECT recipient_id, 'tasks.' || kind, jsonb_strip_nulls(jsonb_build_object('task', task_id, 'event_at', iso)),
    concat_ws(':', 'tasks.' || kind, task_id, recipient_id, iso),
    CASE state WHEN 'due' THEN 'pending' ELSE state END, due_at, attempts, channel, error, created_at, changed_at
FROM tasks_notification,
    LATERAL to_char(event_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS iso
ORDER BY id
ON CONFLICT (dedupe_key) DO NOTHING
"""

MOVE_BACK = """
WITH moved AS (DELETE FROM messaging_outgoingmessage WHERE kind LIKE 'tasks.%' RETURNING *)
INSERT INTO tasks_notification (recipient_id, task_id, kind, event_at, state, due_at, attempts, channel,
    error, created_at, changed_at)
SELECT user_id, tasks_task.id, substr(kind, 7), (payload ->> 'event_at')::timestamptz,
    CASE state WHEN 'pending' THEN 'due' ELSE state END, due_at, attempts, channel, error,
    moved.created_at, changed_at
FROM moved LEFT JOIN tasks_task ON tasks_task.id = (payload ->> 'task')::bigint
WHERE tasks_task.id IS NOT NULL OR kind = 'tasks.overdue'
ORDER BY moved.id
"""


class Migration(migrations.Migration):
    dependencies = [
        ("tasks", "0003_names_and_deadlines"),
        ("messaging", "0002_verified_email_outgoing_message"),
    ]

    operations = [migrations.RunSQL(MOVE, MOVE_BACK), migrations.DeleteModel("Notification")]
