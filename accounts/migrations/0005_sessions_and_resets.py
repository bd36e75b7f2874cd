"""Sessions with their users, which can be listed and ended; requests to reset passwords; search by name."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import migrations, models
from django.utils import timezone

from accounts.sessions import public_id

ROWS_AT_ONCE = 1_000


def move_sessions(apps, schema_editor):
    """Keep the sessions in which a user is signed in, so that an upgrade signs no one out."""
    alias = schema_editor.connection.alias
    old = apps.get_model("sessions", "Session").objects.using(alias).filter(expire_date__gt=timezone.now())
    Session = apps.get_model("accounts", "Session")
    rows = []
    for session in old.iterator(ROWS_AT_ONCE):
        data = SessionStore().decode(session.session_data)
        if SESSION_KEY in data:
            rows.append(
                Session(
                    session_key=session.session_key,
                    session_data=session.session_data,
                    expire_date=session.expire_date,
                    user_id=data[SESSION_KEY],
                    public_id=public_id(session.session_key),
                    auth_hash=data.get(HASH_SESSION_KEY, ""),
                )
            )
    Session.objects.using(alias).bulk_create(rows, batch_size=ROWS_AT_ONCE)
    apps.get_model("sessions", "Session").objects.using(alias).all().delete()


def move_back(apps, schema_editor):
    alias = schema_editor.connection.alias
    new = apps.get_model("accounts", "Session").objects.using(alias)
    names = ("session_key", "session_data", "expire_date")
    old = apps.get_model("sessions", "Session")
    rows = [old(**values) for values in new.values(*names).iterator(ROWS_AT_ONCE)]
    old.objects.using(alias).bulk_create(rows, batch_size=ROWS_AT_ONCE)


def prefix_index(column):
    name = f"accounts_{column}_prefix"
    return migrations.RunSQL(
        f"CREATE INDEX {name} ON auth_user (name_key({column}) text_pattern_ops)", f"DROP INDEX {name}"
    )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_unique_names"),
        ("sessions", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="PasswordResetRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("email", models.EmailField(max_length=254)),
                ("language", models.CharField(max_length=10)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name="Session",
            fields=[
                (
                    "session_key",
                    models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="session key"),
                ),
                ("session_data", models.TextField(verbose_name="session data")),
                ("expire_date", models.DateTimeField(db_index=True, verbose_name="expire date")),
                ("public_id", models.CharField(editable=False, max_length=32, unique=True)),
                ("auth_hash", models.CharField(blank=True, editable=False, max_length=64)),
                ("agent", models.CharField(blank=True, editable=False, max_length=200)),
                ("signed_in_at", models.DateTimeField(editable=False, null=True)),
                (
                    "user",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sessions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "session",
                "verbose_name_plural": "sessions",
                "ordering": ["-signed_in_at", "public_id"],
                "abstract": False,
            },
        ),
        migrations.RunPython(move_sessions, move_back),
        *[prefix_index(column) for column in ("username", "first_name", "last_name")],
    ]
