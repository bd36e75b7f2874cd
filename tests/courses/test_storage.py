"""Certificates in another store than the file system, as with MEDIA_BUCKET."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.utils import timezone

from courses import certificates
from courses.models import certificate_storage
from tests.courses.factories import EnrollmentFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def store(settings, monkeypatch):
    """A store without paths, which every certificate goes to."""
    backend = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    settings.STORAGES = {**settings.STORAGES, "certificates": backend}
    found = certificate_storage()
    assert found is storages["certificates"]
    monkeypatch.setattr(certificates.Certificate._meta.get_field("file"), "storage", found)
    return found


def test_a_certificate_is_made_served_and_cleaned_up_there(store, client, monkeypatch):
    enrollment = EnrollmentFactory(completed_at=timezone.now())
    certificate = certificates.make_certificate(enrollment.pk)
    assert store.exists(certificate.file.name)
    client.force_login(User.objects.get(pk=enrollment.user_id))
    response = client.get(f"/api/v1/certificates/{certificate.uuid}.pdf")
    assert b"".join(response.streaming_content).startswith(b"%PDF")
    store.save("certificates/orphan.pdf", ContentFile(b"x"))
    monkeypatch.setattr(certificates, "MIN_ORPHAN_AGE", timedelta(0))
    assert certificates.delete_orphaned_files() == 1
    assert store.listdir("certificates")[1] == [f"{certificate.uuid}.pdf"]
