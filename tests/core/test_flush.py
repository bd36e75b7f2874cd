"""What each test that commits ends with (tests/support/management/commands/flush.py)."""

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.db import connection

from tests.courses.factories import LessonFactory
from tests.services.factories import SubscriptionFactory
from tests.support.management.commands import flush

pytestmark = pytest.mark.django_db(transaction=True)

TRIGGERS = "SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal"


def end_a_test():
    call_command("flush", verbosity=0, interactive=False, reset_sequences=False)


def count(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


def filled():
    tables = connection.introspection.table_names()
    return {name for name in tables if count(f"SELECT count(*) FROM {name}")}


def test_no_row_is_left_but_those_that_a_migration_makes():
    end_a_test()
    permissions = Permission.objects.in_bulk()
    LessonFactory()
    SubscriptionFactory()
    assert filled() >= {"services_tally", "services_source_totals", "monitoring_dashboardsum"}
    end_a_test()
    assert filled() == flush.STAY
    assert Permission.objects.in_bulk() == permissions


def test_what_a_migration_makes_is_made_again():
    end_a_test()
    permissions, triggers = Permission.objects.count(), count(TRIGGERS)
    Permission.objects.first().delete()
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER caching_update ON courses_lesson")
    end_a_test()
    assert (Permission.objects.count(), count(TRIGGERS)) == (permissions, triggers)


def test_large_tables_give_their_space_back():
    with connection.cursor() as cursor:
        names = "SELECT 'Name ' || number FROM generate_series(1, 30000) AS number"
        cursor.execute(f"INSERT INTO courses_category (name) {names}")
    end_a_test()
    assert count("SELECT pg_relation_size('courses_category')") == 0
