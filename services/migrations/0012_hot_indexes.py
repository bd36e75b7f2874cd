"""Indexes without the columns that a recalculation writes, so that it adds an entry to none of them.

One by created_at, which then costs it nothing either, replaces a BRIN index: the planner did not use that for
the first rows of a day. Those of clients, regions and channels hold service and plan, from which the totals
of a selection are made.
"""

import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

NEW = {
    "subscription_by_service": ["service", "id"],
    "subscription_by_plan": ["plan", "id"],
    "subscription_of_client": ["client", "service", "plan"],
    "subscription_of_region": ["region", "channel", "service", "plan"],
    "subscription_of_channel": ["channel", "service", "plan"],
    "subscription_by_created_at": ["created_at"],
}
OLD = [
    "subscription_of_service",
    "subscription_of_plan",
    "subscription_price",
    "subscription_by_priced_at",
    "subscription_region_channel",
    "subscription_created",
]


class Migration(migrations.Migration):
    atomic = False  # CONCURRENTLY: no write waits while a large table is indexed

    dependencies = [("services", "0011_revision_totals")]

    operations = [
        *(
            AddIndexConcurrently("subscription", models.Index(fields=fields, name=name))
            for name, fields in NEW.items()
        ),
        *(RemoveIndexConcurrently("subscription", name) for name in OLD),
        migrations.AlterField(
            model_name="subscription",
            name="client",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="subscriptions",
                to="clients.client",
            ),
        ),
    ]
