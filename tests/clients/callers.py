"""Who asks: every kind of caller of clients and what belongs to them."""

from __future__ import annotations

import json

from django.contrib.auth.models import Permission
from rest_framework.test import APIClient

from tests.factories import UserFactory

ANONYMOUS, OTHER, OWN, UNPERMITTED, STAFF = "anonymous", "other client", "own client", "bare staff", "staff"
CALLERS = (ANONYMOUS, OTHER, OWN, UNPERMITTED, STAFF)


def staff(*apps: str):
    """A member of staff with every permission of some apps."""
    user = UserFactory(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label__in=apps))
    return user


def signed_in(user) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def answer(client: APIClient, verb: str, address: str, body: object = None):
    given = () if body is None else (json.dumps(body), "application/json")
    return client.generic(verb, address, *given)
