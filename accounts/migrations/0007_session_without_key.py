"""A session's key is not stored any more: its row is found by ``public_id``, which is a hash of it.

Sessions go on. Backwards there are no keys to put back, so every user has to sign in again.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_session_primary_key")]

    operations = [
        migrations.RemoveField("session", "session_key"),
        migrations.RunSQL(migrations.RunSQL.noop, "DELETE FROM accounts_session"),
    ]
