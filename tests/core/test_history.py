"""Old entries of the history of changes are deleted."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from core.history import record_addition
from monitoring.tasks import delete_old_history
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_entries_end_with_the_retention(settings):
    settings.HISTORY_RETENTION_DAYS = 30
    user = UserFactory()
    record_addition(user, *UserFactory.create_batch(2))
    old, new = LogEntry.objects.order_by("pk")
    for entry, days in ((old, 31), (new, 29)):
        LogEntry.objects.filter(pk=entry.pk).update(action_time=timezone.now() - timedelta(days=days))
    delete_old_history()
    assert list(LogEntry.objects.all()) == [new]
