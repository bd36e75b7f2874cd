"""Python, Django and DevOps exist after migrate; going back deletes only those that no user has changed."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from tests.topics import factories
from topics.models import Topic

LATEST = "0004_name_key"
FIRST = {"Python", "Django", "DevOps"}


def migrate(name):
    MigrationExecutor(connection).migrate([("topics", name)])


def names():
    return set(Topic.objects.values_list("name", flat=True))


@pytest.fixture
def _migrated_again(transactional_db):
    yield
    Topic.objects.all().delete()
    call_command("migrate", verbosity=0)  # of all apps, with what follows a migration: triggers of the cache


@pytest.mark.usefixtures("_migrated_again")
def test_the_first_topics_come_and_go():
    Topic.objects.all().delete()
    migrate("0001_initial")
    migrate("0002_first_topics")
    assert names() == FIRST
    migrate("0001_initial")
    assert names() == set()


@pytest.mark.usefixtures("_migrated_again")
def test_what_is_there_already_stays_and_what_is_followed_is_not_taken():
    Topic.objects.all().delete()
    migrate("0001_initial")
    mine = factories.TopicFactory(name="Python")
    mine.subscribers.add(factories.UserFactory())
    factories.TopicFactory(name="Django", created_by=factories.UserFactory())
    migrate("0002_first_topics")
    assert names() == FIRST
    assert Topic.objects.get(name="Python").pk == mine.pk
    migrate("0001_initial")
    assert names() == {"Python", "Django"}


@pytest.mark.usefixtures("_migrated_again")
def test_names_that_are_the_same_stop_the_migration_with_a_list_and_stay():
    migrate("0003_topic_options")
    Topic.objects.all().delete()
    texts = ["Kotlin", "kotlin", "Go", "e\u0301", "é", "\u200b"]
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO topics_topic (name) SELECT unnest(%s) RETURNING id", [texts])
        kotlin, other, go, decomposed, composed, invisible = (pk for (pk,) in cursor.fetchall())
    with pytest.raises(CommandError) as caught:
        migrate(LATEST)
    lines = str(caught.value).splitlines()[1:]
    assert sorted(lines) == [
        f"  'Kotlin' (id {kotlin}), 'kotlin' (id {other})",
        f"  '\\u200b' (id {invisible})",
        f"  'e\\u0301' (id {decomposed}), '\\xe9' (id {composed})",
    ]
    assert Topic.objects.count() == 6
    Topic.objects.exclude(pk__in=[kotlin, go, composed]).delete()
    migrate(LATEST)
    assert names() == {"Kotlin", "Go", "é"}
    with pytest.raises(IntegrityError), transaction.atomic():
        Topic.objects.filter(name="Go").update(name="KOTLIN")
