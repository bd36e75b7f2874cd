"""Reads are open or guarded; writes need the model permission: 401 without a user, else 403."""

import pytest
from django.contrib.auth.models import Permission, User
from rest_framework.test import APIClient

from tests.api import urls

pytestmark = [urls.pytestmark, pytest.mark.django_db]


@pytest.fixture
def client():
    return APIClient()


@pytest.fixture
def sign_in(client):
    def as_user(*permissions):
        user = User.objects.create_user("anna")
        user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        client.force_authenticate(user)

    return as_user


@pytest.mark.parametrize(
    ("address", "signed_in", "permissions", "read", "write"),
    [
        ("/api/groups/", False, [], 200, 401),
        ("/api/groups/", True, [], 200, 403),
        ("/api/groups/", True, ["change_group"], 200, 403),
        ("/api/groups/", True, ["add_group"], 200, 201),
        ("/api/guarded/", False, [], 401, 401),
        ("/api/guarded/", True, [], 403, 403),
        ("/api/guarded/", True, ["view_group"], 200, 403),
        ("/api/guarded/", True, ["add_group"], 403, 201),
    ],
)
def test_who_may(client, sign_in, address, signed_in, permissions, read, write):
    if signed_in:
        sign_in(*permissions)
    assert client.get(address).status_code == read
    assert client.post(address, {"name": "new"}, format="json").status_code == write
