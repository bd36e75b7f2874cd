"""The model Notice is named Notification, and its occasion event_at. All rows are kept."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def rename_constraint(old, new):
    sql = "ALTER TABLE tasks_notification RENAME CONSTRAINT {} TO {}"
    return sql.format(old, new), sql.format(new, old)


def rename_index(old, new):
    sql = "ALTER INDEX {} RENAME TO {}"
    return sql.format(old, new), sql.format(new, old)


UNIQUE = models.UniqueConstraint(
    fields=["recipient", "kind", "event_at", "task"], name="one_notification_per_event"
)
UNIQUE_OVERDUE = models.UniqueConstraint(
    fields=["recipient", "event_at"],
    name="one_overdue_notification_per_event",
    condition=models.Q(kind="overdue"),
)
CHECK = models.CheckConstraint(
    condition=models.Q(kind="overdue", task__isnull=True)
    | (~models.Q(kind="overdue") & models.Q(task__isnull=False)),
    name="notification_of_one_task_unless_overdue",
)


class Migration(migrations.Migration):
    dependencies = [("tasks", "0001_initial"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.RenameModel("Notice", "Notification"),
        migrations.RenameField("Notification", "occasion", "event_at"),
        migrations.RenameIndex("Notification", "notification_due", old_name="notice_due"),
        migrations.RenameIndex("Notification", "notification_sending", old_name="notice_sending"),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(*rename_constraint("one_notice_per_occasion", "one_notification_per_event")),
                migrations.RunSQL(
                    *rename_index("one_overdue_notice_per_occasion", "one_overdue_notification_per_event")
                ),
                migrations.RunSQL(
                    *rename_constraint(
                        "notice_of_one_task_unless_overdue", "notification_of_one_task_unless_overdue"
                    )
                ),
            ],
            state_operations=[
                migrations.RemoveConstraint("Notification", "one_notice_per_occasion"),
                migrations.RemoveConstraint("Notification", "one_overdue_notice_per_occasion"),
                migrations.RemoveConstraint("Notification", "notice_of_one_task_unless_overdue"),
                migrations.AddConstraint("Notification", UNIQUE),
                migrations.AddConstraint("Notification", UNIQUE_OVERDUE),
                migrations.AddConstraint("Notification", CHECK),
            ],
        ),
        migrations.AlterField(
            "Notification",
            "recipient",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="task_notifications",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            "Notification",
            "task",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="notifications",
                to="tasks.task",
            ),
        ),
    ]
