"""Callers of the API."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from tests.clients.callers import ANONYMOUS, OTHER, OWN, STAFF, signed_in, staff
from tests.clients.factories import ClientFactory
from tests.factories import UserFactory


@pytest.fixture
def own_client(db):
    return ClientFactory(company_name="Own")


@pytest.fixture
def caller(own_client):
    """Makes an API client of one of CALLERS."""

    def make(kind: str) -> APIClient:
        if kind == ANONYMOUS:
            return APIClient()
        if kind == STAFF:
            return signed_in(staff("clients", "services"))
        if kind in {OWN, OTHER}:
            return signed_in(own_client.user if kind == OWN else ClientFactory().user)
        return signed_in(UserFactory(is_staff=True))

    return make


@pytest.fixture
def staff_api(caller):
    return caller(STAFF)
