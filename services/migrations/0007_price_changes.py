"""Changes of prices and moves of subscriptions, each with who or what made it.

The two functions are column defaults, so that rows added by triggers and by Django get the same. The
variables are those of services/attribution.py; a client without them is shown by its role.
"""

import django.contrib.postgres.functions
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.math
from django.conf import settings
from django.db import migrations, models


ACTOR = """
CREATE FUNCTION services_actor_user() RETURNS integer LANGUAGE sql STABLE
AS $$ SELECT nullif(current_setting('syllabus.user', true), '')::integer $$;

CREATE FUNCTION services_actor_via() RETURNS text LANGUAGE sql STABLE
AS $$ SELECT coalesce(nullif(current_setting('syllabus.via', true), ''), 'SQL by ' || session_user) $$;
"""

UNDO_ACTOR = """
DROP FUNCTION services_actor_via();
DROP FUNCTION services_actor_user();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('services', '0006_service_name'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(ACTOR, UNDO_ACTOR),
        migrations.CreateModel(
            name='SubscriptionMove',
            fields=[
                ('id', models.UUIDField(db_default=django.contrib.postgres.functions.RandomUUID(), editable=False, primary_key=True, serialize=False)),
                ('moved_at', models.DateTimeField()),
                ('via', models.CharField(db_default=models.Func(function='services_actor_via'), max_length=200)),
                ('plan', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='services.plan')),
                ('service', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='services.service')),
                ('subscription', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='moves', to='services.subscription')),
                ('user', models.ForeignKey(db_default=models.Func(function='services_actor_user'), null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['moved_at'],
            },
        ),
        migrations.CreateModel(
            name='PriceChange',
            fields=[
                ('id', models.UUIDField(db_default=django.contrib.postgres.functions.RandomUUID(), editable=False, primary_key=True, serialize=False)),
                ('value', models.DecimalField(decimal_places=2, max_digits=12, validators=[django.core.validators.MinValueValidator(0)])),
                ('effective_from', models.DateTimeField()),
                ('applied_at', models.DateTimeField(editable=False, null=True)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('via', models.CharField(db_default=models.Func(function='services_actor_via'), editable=False, max_length=200)),
                ('plan', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='price_changes', to='services.plan')),
                ('service', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='price_changes', to='services.service')),
                ('user', models.ForeignKey(db_default=models.Func(function='services_actor_user'), editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-effective_from'],
                'indexes': [models.Index(condition=models.Q(('applied_at__isnull', True)), fields=['effective_from'], name='price_change_scheduled')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('plan__isnull', False), ('service__isnull', True)), models.Q(('plan__isnull', True), ('service__isnull', False)), _connector='OR'), name='price_change_of_service_or_plan'), models.CheckConstraint(condition=models.Q(('value__gte', 0), models.Q(('plan__isnull', True), models.Q(('value', django.db.models.functions.math.Floor('value')), ('value__lte', 100)), _connector='OR')), name='price_change_value_possible'), models.UniqueConstraint(fields=('service', 'effective_from'), name='one_change_of_service_at_a_moment'), models.UniqueConstraint(fields=('plan', 'effective_from'), name='one_change_of_plan_at_a_moment')],
            },
        ),
    ]
