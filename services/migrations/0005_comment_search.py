"""An index for the search by how a comment begins, in any case and under any collation."""

from django.contrib.postgres.indexes import OpClass
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models.functions import Upper


class Migration(migrations.Migration):
    atomic = False  # CONCURRENTLY: no write waits while a large table is indexed

    dependencies = [("services", "0004_comment_prefix")]

    operations = [
        AddIndexConcurrently(
            model_name="subscription",
            index=models.Index(
                OpClass(Upper("comment"), "text_pattern_ops"), name="subscription_comment_search"
            ),
        ),
    ]
