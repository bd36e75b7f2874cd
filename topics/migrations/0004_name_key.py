"""Names are unique by their keys (core/names.py).

It stops with a list, and changes nothing, where topics have the same name.
"""

import django.db.models.lookups
from django.db import migrations, models

import core.names
from core.name_migrations import refuse_same_names


class Migration(migrations.Migration):
    dependencies = [("topics", "0003_topic_options"), ("core", "0001_name_key")]

    operations = [
        refuse_same_names("topics", "Topic"),
        migrations.RemoveConstraint("Topic", "topic_name_not_empty"),
        migrations.AlterField(
            "Topic", "name", core.names.NameField(max_length=100, verbose_name="name")
        ),
        migrations.AddConstraint(
            "Topic",
            core.names.UniqueName(
                core.names.NameKey("name"),
                name="topic_name_key",
                violation_error_message="There is already a topic with this name.",
            ),
        ),
        migrations.AddConstraint(
            "Topic",
            models.CheckConstraint(
                condition=~models.Q(django.db.models.lookups.Exact(core.names.NameKey("name"), "")),
                name="topic_name_visible",
            ),
        ),
    ]
