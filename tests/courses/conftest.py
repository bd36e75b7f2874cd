"""Fixtures for the courses."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from rest_framework.test import APIClient

from tests.courses import factories


@pytest.fixture(autouse=True)
def _media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def api():
    """A client of the API without a user."""
    return APIClient()


@pytest.fixture
def permitted():
    """Makes a user with model permissions of the courses app: ``permitted("change_course")``."""

    def make(*codenames: str, **values):
        user = factories.UserFactory(**values)
        wanted = Permission.objects.filter(content_type__app_label="courses", codename__in=codenames)
        assert wanted.count() == len(codenames)
        user.user_permissions.set(wanted)
        return user

    return make


@pytest.fixture
def editor_api(permitted):
    """A client signed in as one who may do everything to courses and categories."""
    verbs = ("add", "change", "delete", "view")
    editor = permitted(*(f"{verb}_{model}" for verb in verbs for model in ("course", "category")))
    client = APIClient()
    client.force_authenticate(editor)
    return client
