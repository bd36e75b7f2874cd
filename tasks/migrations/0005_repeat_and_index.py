"""Tasks that repeat, and an index from which lists of 100,000 tasks are counted, filtered and ordered."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import core.names
from tasks.models import NO_DEADLINE, TASK_NAME_TAKEN

PERIODS = ["daily", "weekly", "monthly"]


class Migration(migrations.Migration):
    dependencies = [
        ("tasks", "0004_outgoing_messages"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            "task",
            "repeat",
            models.CharField(
                blank=True,
                choices=[(period, period.capitalize()) for period in PERIODS],
                db_default="",
                default="",
                max_length=7,
            ),
        ),
        migrations.AddField("task", "repeat_day", models.PositiveSmallIntegerField(editable=False, null=True)),
        migrations.AddField(
            "task", "repeated", models.BooleanField(db_default=False, default=False, editable=False)
        ),
        # Before the unique index becomes partial: foreign keys without an index of their own use it.
        migrations.AddIndex(
            "task",
            models.Index(
                fields=["task_list", "id"],
                include=("name", "deadline", "assigned_to", "completed_at", "created_at", "updated_at"),
                name="task_of_list",
            ),
        ),
        migrations.RemoveConstraint("task", "task_name_key"),
        migrations.AddConstraint(
            "task",
            core.names.UniqueName(
                models.F("task_list"),
                core.names.NameKey("name"),
                condition=models.Q(("repeated", False)),
                name="task_name_key",
                violation_error_message=TASK_NAME_TAKEN,
            ),
        ),
        migrations.AddConstraint(
            "task",
            models.CheckConstraint(
                condition=models.Q(
                    ("repeat", ""),
                    models.Q(("deadline__isnull", False), ("repeat__in", PERIODS)),
                    _connector="OR",
                ),
                name="task_repeat_has_deadline",
                violation_error_message=NO_DEADLINE,
            ),
        ),
    ]
