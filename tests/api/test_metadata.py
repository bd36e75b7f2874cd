"""OPTIONS."""

import pytest
from rest_framework.test import APIClient

from tests.api import urls

pytestmark = [urls.pytestmark, pytest.mark.django_db]


def test_options_names_the_methods_and_media_types():
    response = APIClient().options("/api/open/")
    assert response.status_code == 200
    assert response.json() == {
        "methods": ["GET", "POST", "PUT", "HEAD", "OPTIONS"],
        "renders": ["application/json"],
        "parses": ["application/json"],
        "schema": "/api/schema/",
    }


def test_options_of_a_row_takes_no_lock(admin_user):
    """DRF's own loads the row as a PUT would, here outside a transaction."""
    client = APIClient()
    client.force_authenticate(admin_user)
    response = client.options("/api/rows/1/")
    assert response.status_code == 200
    assert {"GET", "PUT", "PATCH", "DELETE"} <= set(response.json()["methods"])
