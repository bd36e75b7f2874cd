"""Fill the languages from the messages that users have asked for, which said them until now.

Apart from the migration that adds the columns: it does not lock their tables while this one reads.
"""

from django.db import migrations
from django.db.models import CharField, OuterRef, Subquery, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce

KINDS = ["accounts.verify_email", "accounts.password_changed", "accounts.address_changed", "messaging.linked"]


def fill_languages(apps, schema_editor):
    alias = schema_editor.connection.alias
    asked = apps.get_model("messaging", "OutgoingMessage").objects.using(alias).filter(kind__in=KINDS)
    last = asked.filter(user=OuterRef("user"), payload__has_key="language").order_by("-pk")
    said = Subquery(last.values(said=Cast(KT("payload__language"), CharField(max_length=10)))[:1])
    for name in ("TelegramAccount", "VerifiedEmail"):
        rows = apps.get_model("messaging", name).objects.using(alias)
        rows.filter(language="").update(language=Coalesce(said, Value("")))


class Migration(migrations.Migration):
    dependencies = [("messaging", "0004_languages")]

    operations = [migrations.RunPython(fill_languages, migrations.RunPython.noop)]
