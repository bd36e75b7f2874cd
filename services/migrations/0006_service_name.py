"""A service's name is normalized and visible; the column stays as it is."""

from django.db import migrations

import core.names


class Migration(migrations.Migration):
    dependencies = [("services", "0005_comment_search")]

    operations = [migrations.AlterField("Service", "name", core.names.NameField(max_length=50))]
