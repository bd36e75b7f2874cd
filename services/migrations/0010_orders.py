"""Indexes for the orders by comment and priced_at, and one for the admin's filter by date.

A recalculation adds entries to the first two and none to the third.
"""

from django.contrib.postgres.indexes import BrinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # CONCURRENTLY: no write waits while a large table is indexed

    dependencies = [("services", "0009_source_totals")]

    operations = [
        AddIndexConcurrently(
            "subscription", models.Index(fields=["comment", "id"], name="subscription_by_comment")
        ),
        AddIndexConcurrently(
            "subscription", models.Index(fields=["priced_at", "id"], name="subscription_by_priced_at")
        ),
        AddIndexConcurrently(
            "subscription", BrinIndex(fields=["created_at"], name="subscription_created", autosummarize=True)
        ),
    ]
