"""Changes by the API are in the history that the admin shows."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from services.models import Service
from tests.courses.factories import LessonFactory
from tests.factories import UserFactory
from tests.tasks.factories import TaskFactory, TaskListFactory

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


def test_learning_is_on_record_once(api):
    lesson = LessonFactory(module__course__title="Course")
    for address in (f"courses/{lesson.module.course_id}/enroll/", f"lessons/{lesson.pk}/complete/") * 2:
        assert api.post(f"/api/v1/{address}").status_code in {200, 201}
    assert api.post(f"/api/v1/courses/{lesson.module.course_id}/complete/").status_code == 202
    assert [(repr_, message) for _, repr_, message in entries()] == [
        ("boss in Course", "Added."),
        (f"{lesson} by boss", "Added."),
        ("boss in Course", "Changed Completed at."),
    ]


def test_actions_say_what_they_changed(api):
    """That every operation that writes is on record, test_examples.py checks."""
    boss, member = User.objects.get(), UserFactory(username="member")
    task_list = TaskListFactory(name="List", owner=boss)
    task = TaskFactory(name="Task", task_list=task_list)
    api.post(f"/api/v1/tasks/{task.pk}/complete/")
    api.post(f"/api/v1/tasks/{task.pk}/complete/")  # changes nothing
    new = {"task_list": task_list.pk, "name": "New"}
    api.post("/api/v1/tasks/bulk/", {"tasks": [new, {"id": task.pk, "name": "Renamed"}]}, format="json")
    api.post(f"/api/v1/lists/{task_list.pk}/members/", {"username": "member"}, format="json")
    api.post(f"/api/v1/lists/{task_list.pk}/owner/", {"username": member.username}, format="json")
    assert entries() == [
        ("boss", "Task", "Changed Status."),
        ("boss", "New", "Added."),
        ("boss", "Renamed", "Changed Name."),
        ("boss", "List", "Changed Members."),
        ("boss", "List", "Changed Owner."),
    ]
