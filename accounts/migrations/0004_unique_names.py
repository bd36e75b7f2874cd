from django.core.management import CommandError
from django.db import migrations, models

import accounts.models

CLASHES = (
    "SELECT string_agg({field}, ', ' ORDER BY id) FROM auth_user WHERE {field} <> '' "
    "GROUP BY name_key({field}) HAVING count(*) > 1 ORDER BY 1"
)


def refuse_clashes(apps, schema_editor):
    """Stop before anything is changed if two users have one name: only an operator can decide."""
    found = []
    with schema_editor.connection.cursor() as cursor:
        for field in ("username", "email"):
            cursor.execute(CLASHES.format(field=field))
            found += [f"  {field}: {names}" for (names,) in cursor.fetchall()]
    if found:
        raise CommandError(
            "These users have the same name but for case or Unicode form. Change or delete all but one "
            "of each line, then migrate again:\n" + "\n".join(found)
        )


class Migration(migrations.Migration):
    """One user for each username and e-mail, whatever their case and Unicode form."""

    dependencies = [
        ("accounts", "0003_access_token_expiry"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("core", "0001_name_key"),
    ]

    operations = [
        migrations.AlterField(
            "accesstoken",
            "expires_at",
            models.DateTimeField(db_index=True, default=accounts.models.token_expiry),
        ),
        migrations.RunPython(refuse_clashes, migrations.RunPython.noop),
        migrations.RunSQL(
            "CREATE UNIQUE INDEX accounts_username_folded ON auth_user (name_key(username))",
            "DROP INDEX accounts_username_folded",
        ),
        migrations.RunSQL(
            "CREATE UNIQUE INDEX accounts_email_folded ON auth_user (name_key(email)) "
            "WHERE email <> ''",
            "DROP INDEX accounts_email_folded",
        ),
    ]
