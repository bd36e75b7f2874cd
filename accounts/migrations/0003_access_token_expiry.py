from datetime import timedelta

from django.conf import settings
from django.db import migrations, models
from django.db.models import F
from django.utils.crypto import salted_hmac

import accounts.models

SESSION_AUTH_SALT = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"


def complete_tokens(apps, schema_editor):
    """Give the present tokens their time from when they were issued, and tie them to the passwords."""
    tokens = apps.get_model("accounts", "AccessToken").objects
    tokens.update(expires_at=F("created_at") + timedelta(days=settings.TOKEN_TTL_DAYS))
    for token in tokens.select_related("user").iterator():
        auth_hash = salted_hmac(SESSION_AUTH_SALT, token.user.password, algorithm="sha256").hexdigest()
        tokens.filter(pk=token.pk).update(auth_hash=auth_hash)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_move_telegram_to_messaging"),
        ("messaging", "0002_verified_email_outgoing_message"),
    ]

    operations = [
        migrations.AddField(
            "accesstoken",
            "auth_hash",
            models.CharField(default="", editable=False, max_length=64),
            preserve_default=False,
        ),
        migrations.AddField(
            "accesstoken",
            "expires_at",
            models.DateTimeField(default=accounts.models.token_expiry),
        ),
        migrations.RunPython(complete_tokens, migrations.RunPython.noop),
    ]
