"""The file of a certificate, made once, and where it is shown."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from courses import certificate_pdf
from courses.models import CERTIFICATE_FOLDER, Certificate, Enrollment, certificate_storage
from messaging import delivery

if TYPE_CHECKING:
    from django.core.files.storage import Storage

MIN_ORPHAN_AGE = timedelta(hours=1)
FILES_AT_ONCE = 1000


@transaction.atomic
def make_certificate(enrollment_id: int) -> Certificate | None:
    """Return the certificate of a completed enrolment; make it and its file where they are missing.

    A first file is mailed to the learner, one that is made again is not.

    None if there is nothing to certify: the enrolment was deleted, or is not completed.
    """
    enrollment = (
        Enrollment.objects.select_for_update(of=["self"])
        .select_related("user", "course")
        .filter(pk=enrollment_id, completed_at__isnull=False)
        .first()
    )
    if enrollment is None:
        return None
    certificate, _ = Certificate.objects.issue(enrollment)
    if not certificate.file:
        _mail(certificate)
    if not has_file(certificate):
        certificate.file.save(f"{certificate.uuid}.pdf", ContentFile(render(certificate)), save=False)
        certificate.save(update_fields=["file"])
    return certificate


def page_address(certificate: Certificate) -> str:
    """Return the address of the page on which anyone can verify the certificate, with the site's own."""
    return settings.SITE_URL + reverse("certificate-page", args=[certificate.uuid])


def render(certificate: Certificate) -> bytes:
    """Return the certificate as a PDF, with the address of its page.

    Raises:
        MissingFontError: the name or the title has a character that no font here has.
    """
    return certificate_pdf.render(certificate, page_address(certificate))


def _mail(certificate: Certificate) -> None:
    delivery.send(
        user=certificate.enrollment.user,
        kind="courses.certificate",
        payload={"certificate": certificate.pk},
        dedupe_key=f"courses.certificate:{certificate.pk}",
        mail_only=True,
    )


def has_file(certificate: Certificate) -> bool:
    """Return whether the PDF exists: a file can be lost while its row is kept."""
    name = certificate.file.name
    return bool(name and certificate.file.storage.exists(name))


def delete_file(name: str) -> None:
    """Delete a certificate's file; no error if there is none."""
    certificate_storage().delete(name)


def delete_orphaned_files() -> int:
    """Delete the files whose certificates are gone. Return how many.

    A process can be killed between the commit that deletes a row and the deletion of its file, or between
    the writing of a file and the commit of its row: young files are left alone.
    """
    storage, before = certificate_storage(), timezone.now() - MIN_ORPHAN_AGE
    files, deleted = _files(storage), 0
    for start in range(0, len(files), FILES_AT_ONCE):
        names = files[start : start + FILES_AT_ONCE]
        known = set(Certificate.objects.filter(file__in=names).values_list("file", flat=True))
        for name in set(names) - known:
            if storage.get_modified_time(name) < before:
                storage.delete(name)
                deleted += 1
    return deleted


def _files(storage: Storage) -> list[str]:
    try:
        _, names = storage.listdir(CERTIFICATE_FOLDER)
    except FileNotFoundError:  # none was ever made
        return []
    return [f"{CERTIFICATE_FOLDER}/{name}" for name in names]
