"""A session's key is a secret and not stored any more: its row is found by ``public_id``, a hash of the key.

Sessions go on. Backwards there are no keys to put back, so every user has to sign in again.
"""

from django.db import migrations, models

FORWARDS = """
ALTER TABLE accounts_session DROP COLUMN session_key;  -- and with it the primary key
ALTER TABLE accounts_session DROP CONSTRAINT accounts_session_public_id_key;
ALTER TABLE accounts_session ADD CONSTRAINT accounts_session_pkey PRIMARY KEY (public_id);
"""
BACKWARDS = """
DELETE FROM accounts_session;
ALTER TABLE accounts_session DROP CONSTRAINT accounts_session_pkey;
ALTER TABLE accounts_session ADD CONSTRAINT accounts_session_public_id_key UNIQUE (public_id);
ALTER TABLE accounts_session ADD COLUMN session_key varchar(40) CONSTRAINT accounts_session_pkey PRIMARY KEY;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_sessions_and_resets")]

    operations = [
        migrations.SeparateDatabaseAndState(
            [migrations.RunSQL(FORWARDS, BACKWARDS)],
            [
                migrations.RemoveField("session", "session_key"),
                migrations.AlterField(
                    "session",
                    "public_id",
                    models.CharField(editable=False, max_length=32, primary_key=True, serialize=False),
                ),
            ],
        )
    ]
