"""An index for the admin's filter by date, to which a recalculation adds no entries."""

from django.contrib.postgres.indexes import BrinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations


class Migration(migrations.Migration):
    atomic = False  # CONCURRENTLY: no write waits while a large table is indexed

    dependencies = [("services", "0009_source_totals")]

    operations = [
        AddIndexConcurrently(
            "subscription", BrinIndex(fields=["created_at"], name="subscription_created", autosummarize=True)
        ),
    ]
