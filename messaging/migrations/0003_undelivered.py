"""An index of the messages that are not delivered, which the metrics count."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

UNDELIVERED = ["pending", "sending", "uncertain", "given_up"]


class Migration(migrations.Migration):
    atomic = False  # CONCURRENTLY: no write waits while a large table is indexed

    dependencies = [("messaging", "0002_verified_email_outgoing_message")]

    operations = [
        AddIndexConcurrently(
            "outgoingmessage",
            models.Index(
                fields=["state"], name="message_undelivered", condition=models.Q(state__in=UNDELIVERED)
            ),
        ),
    ]
