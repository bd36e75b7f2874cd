"""A session's primary key is its public id: the admin shows primary keys, and the session's key is a secret."""

from django.db import migrations, models

TABLE = "ALTER TABLE accounts_session"
FORWARDS = f"""
{TABLE} DROP CONSTRAINT accounts_session_pkey;
{TABLE} DROP CONSTRAINT accounts_session_public_id_key;
{TABLE} ADD CONSTRAINT accounts_session_pkey PRIMARY KEY (public_id);
{TABLE} ADD CONSTRAINT accounts_session_session_key_key UNIQUE (session_key);
"""
BACKWARDS = f"""
{TABLE} DROP CONSTRAINT accounts_session_pkey;
{TABLE} DROP CONSTRAINT accounts_session_session_key_key;
{TABLE} ADD CONSTRAINT accounts_session_pkey PRIMARY KEY (session_key);
{TABLE} ADD CONSTRAINT accounts_session_public_id_key UNIQUE (public_id);
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_sessions_and_resets")]

    operations = [
        migrations.SeparateDatabaseAndState(
            [migrations.RunSQL(FORWARDS, BACKWARDS)],
            [
                migrations.AlterField(
                    "session",
                    "session_key",
                    models.CharField(editable=False, max_length=40, unique=True, verbose_name="session key"),
                ),
                migrations.AlterField(
                    "session",
                    "public_id",
                    models.CharField(editable=False, max_length=32, primary_key=True, serialize=False),
                ),
            ],
        )
    ]
