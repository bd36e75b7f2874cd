from django.db import migrations

MOVED = ["LinkToken", "TelegramAccount", "TelegramUpdate"]


def move_content_types(apps, schema_editor):
    """Keep the permissions that were granted on the models: they hang on their content types."""
    content_types = apps.get_model("contenttypes", "ContentType")
    names = [name.lower() for name in MOVED]
    content_types.objects.filter(app_label="accounts", model__in=names).update(app_label="messaging")


def move_back(apps, schema_editor):
    content_types = apps.get_model("contenttypes", "ContentType")
    names = [name.lower() for name in MOVED]
    content_types.objects.filter(app_label="messaging", model__in=names).update(app_label="accounts")


class Migration(migrations.Migration):
    """The models of Telegram linking move to the app ``messaging``; their tables are renamed."""

    dependencies = [
        ("accounts", "0001_initial"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.AlterModelTable(name, f"messaging_{name.lower()}") for name in MOVED
            ],
            state_operations=[migrations.DeleteModel(name) for name in MOVED],
        ),
        migrations.RunPython(move_content_types, move_back),
    ]
