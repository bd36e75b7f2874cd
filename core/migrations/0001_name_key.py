"""The SQL function ``name_key``: what is equal of names that are the same (core/names.py)."""

from django.db import migrations

from core.names import name_key_sql


def create_function(apps, schema_editor):
    # Without parameters the statement is sent as it is.
    schema_editor.execute(name_key_sql(), params=None)


class Migration(migrations.Migration):
    dependencies = []

    operations = [
        migrations.RunPython(
            create_function,
            lambda apps, schema_editor: schema_editor.execute("DROP FUNCTION name_key(text)"),
        )
    ]
