"""A company's name is normalized and visible; the column stays as it is."""

from django.db import migrations

import core.names


class Migration(migrations.Migration):
    dependencies = [("clients", "0001_initial")]

    operations = [migrations.AlterField("Client", "company_name", core.names.NameField(max_length=100))]
