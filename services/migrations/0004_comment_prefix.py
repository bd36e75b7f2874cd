"""Serve ``comment LIKE 'a%'`` from an index under every collation; equality uses the same index."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # CONCURRENTLY: no write waits while a large table is indexed

    dependencies = [("services", "0003_tally")]

    operations = [
        AddIndexConcurrently(
            model_name="subscription",
            index=models.Index(
                fields=["comment"], name="subscription_comment_prefix", opclasses=["varchar_pattern_ops"]
            ),
        ),
        RemoveIndexConcurrently(model_name="subscription", name="subscription_comment"),
    ]
