"""Changes by the API are in the history that the admin shows."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from rest_framework.test import APIClient

from services.models import Service
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

ADDRESS = "/api/v1/services/"


@pytest.fixture
def api():
    client = APIClient()
    client.force_authenticate(UserFactory(username="boss", is_superuser=True, is_staff=True))
    return client


def entries():
    rows = LogEntry.objects.order_by("pk")
    return [(row.user.username, row.object_repr, row.get_change_message()) for row in rows]


def test_adding_changing_and_deleting_are_on_record(api):
    pk = api.post(ADDRESS, {"name": "Lessons", "full_price": 10}, format="json").json()["id"]
    api.patch(f"{ADDRESS}{pk}/", {"full_price": 20}, format="json")
    api.patch(f"{ADDRESS}{pk}/", {"full_price": 20}, format="json")
    api.delete(f"{ADDRESS}{pk}/")
    assert entries() == [
        ("boss", "Lessons", "Added."),
        ("boss", "Lessons", "Changed Full price."),
        ("boss", "Lessons", ""),
    ]
    assert [row.action_flag for row in LogEntry.objects.order_by("pk")] == [1, 2, 3]


def test_a_refused_change_is_not(api):
    api.post(ADDRESS, {"name": "", "full_price": 10}, format="json")
    assert entries() == []


def test_the_admin_shows_it(api, admin_client):
    pk = api.post(ADDRESS, {"name": "Lessons", "full_price": 10}, format="json").json()["id"]
    api.patch(f"{ADDRESS}{pk}/", {"full_price": 20}, format="json")
    page = admin_client.get(f"/admin/services/service/{pk}/history/", headers={"Accept-Language": "uk"})
    assert "Повна ціна" in page.content.decode()
    assert Service.objects.get().full_price == 20
