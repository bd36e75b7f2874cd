"""Python, Django and DevOps exist after migrate; going back takes only what nobody has made his own."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tests.topics import factories
from topics.models import Topic

FIRST = {"Python", "Django", "DevOps"}


def migrate(name):
    MigrationExecutor(connection).migrate([("topics", name)])


def names():
    return set(Topic.objects.values_list("name", flat=True))


@pytest.fixture
def _migrated_again(transactional_db):
    yield
    migrate("0002_first_topics")


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
