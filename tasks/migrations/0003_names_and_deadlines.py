"""Names are unique by their keys (core/names.py), and deadlines are bounded.

It stops with a list, and changes nothing, where rows are in its way.
"""

from datetime import UTC, datetime

import django.db.models.lookups
from django.core.management.base import CommandError
from django.db import migrations, models

import core.names
import tasks.models
from core.name_migrations import refuse_same_names

RANGE = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 12, 31, 23, 59, 59, tzinfo=UTC))
MAX_SHOWN = 100


def refuse_far_deadlines(apps, schema_editor):
    Task = apps.get_model("tasks", "Task")
    tasks = Task.objects.using(schema_editor.connection.alias).filter(deadline__isnull=False)
    # As texts: Python has no year above 9999.
    text = models.functions.Cast("deadline", models.TextField())
    far = tasks.exclude(deadline__range=RANGE).order_by("pk").values_list("pk", text)[:MAX_SHOWN]
    if far:
        raise CommandError(
            "Some tasks have deadlines before 1970 or after 2200. Change them, then migrate again:\n"
            + "\n".join(f"  {deadline} (id {pk})" for pk, deadline in far)
        )


def visible(model, name):
    condition = ~models.Q(django.db.models.lookups.Exact(core.names.NameKey("name"), ""))
    return migrations.AddConstraint(model, models.CheckConstraint(condition=condition, name=name))


class Migration(migrations.Migration):
    dependencies = [("tasks", "0002_notification"), ("core", "0001_name_key")]

    operations = [
        refuse_same_names("tasks", "TaskList", "owner"),
        refuse_same_names("tasks", "Task", "task_list"),
        migrations.RunPython(refuse_far_deadlines, migrations.RunPython.noop),
        # The new index first: foreign keys without an index of their own use it.
        migrations.AddConstraint(
            "TaskList",
            core.names.UniqueName(
                "owner",
                core.names.NameKey("name"),
                name="task_list_name_key",
                violation_error_message="You have a list of this name already.",
            ),
        ),
        migrations.AddConstraint(
            "Task",
            core.names.UniqueName(
                "task_list",
                core.names.NameKey("name"),
                name="task_name_key",
                violation_error_message="There is a task of this name in the list already.",
            ),
        ),
        migrations.RemoveConstraint("TaskList", "one_task_list_of_a_name_per_owner"),
        migrations.RemoveConstraint("Task", "one_task_of_a_name_per_list"),
        migrations.RemoveConstraint("TaskList", "task_list_name_not_empty"),
        migrations.RemoveConstraint("Task", "task_name_not_empty"),
        visible("TaskList", "task_list_name_visible"),
        visible("Task", "task_name_visible"),
        migrations.AlterField("TaskList", "name", core.names.NameField(max_length=200)),
        migrations.AlterField("Task", "name", core.names.NameField(max_length=200)),
        migrations.AlterField(
            "Task",
            "deadline",
            models.DateTimeField(blank=True, null=True, validators=[tasks.models.validate_deadline]),
        ),
        migrations.AddConstraint(
            "Task",
            models.CheckConstraint(
                condition=models.Q(deadline__range=RANGE),
                name="task_deadline_in_range",
                violation_error_message=(
                    "A deadline must be from 1970-01-01T00:00:00Z to 2200-12-31T23:59:59Z."
                ),
            ),
        ),
    ]
