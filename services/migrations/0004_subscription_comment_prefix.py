"""An index for the search by how a comment begins, in any case and under any collation."""

from django.contrib.postgres.indexes import OpClass
from django.db import migrations, models
from django.db.models.functions import Upper


class Migration(migrations.Migration):
    dependencies = [("clients", "0001_initial"), ("services", "0003_tally")]

    operations = [
        migrations.AddIndex(
            model_name="subscription",
            index=models.Index(
                OpClass(Upper("comment"), "text_pattern_ops"), name="subscription_comment_prefix"
            ),
        ),
    ]
