"""The language in which a user gets messages, beside each address."""

from django.db import migrations, models


def language():
    return models.CharField(max_length=10, blank=True, default="", db_default="", editable=False)


class Migration(migrations.Migration):
    dependencies = [("messaging", "0003_undelivered")]

    operations = [
        migrations.AddField("telegramaccount", "language", language()),
        migrations.AddField("verifiedemail", "language", language()),
    ]
