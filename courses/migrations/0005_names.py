"""Names and titles are normalized and visible; categories are unique by their keys (core/names.py).

It stops with a list, and changes nothing, where categories have the same name.
"""

import django.db.models.lookups
from django.db import migrations, models

import core.names
from core.name_migrations import refuse_same_names


class Migration(migrations.Migration):
    dependencies = [("courses", "0004_outgoing_messages"), ("core", "0001_name_key")]

    operations = [
        refuse_same_names("courses", "Category"),
        migrations.RemoveConstraint("Category", "category_name_not_empty"),
        migrations.AlterField("Category", "name", core.names.NameField(max_length=100)),
        migrations.AddConstraint(
            "Category",
            core.names.UniqueName(
                core.names.NameKey("name"),
                name="category_name_key",
                violation_error_message="There is already a category with this name.",
            ),
        ),
        migrations.AddConstraint(
            "Category",
            models.CheckConstraint(
                condition=~models.Q(django.db.models.lookups.Exact(core.names.NameKey("name"), "")),
                name="category_name_visible",
            ),
        ),
        migrations.AlterField("Course", "title", core.names.NameField(max_length=255)),
        migrations.AlterField("Module", "title", core.names.NameField(max_length=255)),
        migrations.AlterField("Lesson", "title", core.names.NameField(max_length=255)),
    ]
