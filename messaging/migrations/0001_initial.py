import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """The tables were made by ``accounts``, and renamed by its second migration."""

    initial = True

    dependencies = [
        ("accounts", "0002_move_telegram_to_messaging"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name='LinkToken',
                    fields=[
                        ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='link_token', serialize=False, to=settings.AUTH_USER_MODEL)),
                        ('token_hash', models.CharField(editable=False, max_length=64, unique=True)),
                        ('expires_at', models.DateTimeField()),
                    ],
                ),
                migrations.CreateModel(
                    name='TelegramUpdate',
                    fields=[
                        ('update_id', models.BigIntegerField(primary_key=True, serialize=False)),
                        ('received_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), db_index=True)),
                    ],
                ),
                migrations.CreateModel(
                    name='TelegramAccount',
                    fields=[
                        ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='telegram', serialize=False, to=settings.AUTH_USER_MODEL)),
                        ('telegram_id', models.BigIntegerField(unique=True)),
                        ('linked_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('telegram_id__gt', 0)), name='telegram_id_is_positive')],
                    },
                ),
            ],
        ),
    ]
