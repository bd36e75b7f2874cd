"""A team: the owner of a list, two members, one of them the assignee of its task, and outsiders."""

from types import SimpleNamespace

import pytest
from rest_framework.test import APIClient

from tests.factories import UserFactory
from tests.tasks.factories import TaskFactory, TaskListFactory


def client_of(user):
    client = APIClient(raise_request_exception=False)
    if user is not None:
        client.force_authenticate(user)
    return client


@pytest.fixture
def team(db):
    people = {name: UserFactory(username=name) for name in ("owner", "member", "assignee", "stranger")}
    people["staff"] = UserFactory(username="staff", is_staff=True, is_superuser=True)
    task_list = TaskListFactory(
        name="Launch", owner=people["owner"], members=[people["member"], people["assignee"]]
    )
    task = TaskFactory(task_list=task_list, name="Write", assigned_to=people["assignee"])
    clients = {name: client_of(user) for name, user in people.items()}
    return SimpleNamespace(
        **people, list=task_list, task=task, clients={**clients, "anonymous": client_of(None)}
    )
