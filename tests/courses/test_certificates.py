"""The PDF says whose it is and for what, in any script the font knows."""

from __future__ import annotations

import io
import os
from functools import partial

import pypdf
import pytest
from django.db import transaction
from django.utils import timezone

from courses import certificates
from courses.models import Certificate
from messaging.models import OutgoingMessage
from tests.courses import factories
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db


def text_of(pdf):
    """What a reader of the PDF can select and copy."""
    return " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)


def certificate_of(title="Course", **user):
    return factories.CertificateFactory(
        enrollment__course__title=title, enrollment__user=factories.UserFactory(**user)
    )


@pytest.mark.parametrize(
    ("title", "first", "last"),
    [
        ("Асинхронный Django: очереди, кэш и «гонки»", "Пётр", "Щукин"),
        ("Основи програмування ґєїі", "Їжак", "Ґонта"),
        ("Қазақ тілінде бағдарламалау", "Әлия", "Өмірбекқызы"),
        ("Naïve Bayes & Łukasiewicz — €20", "Zoë", "Ångström"),
    ],
)
def test_it_names_the_learner_the_course_and_itself(title, first, last):
    certificate = certificate_of(title, first_name=first, last_name=last)
    text = text_of(certificates.render(certificate))
    assert title in text
    assert f"{first} {last}" in text
    assert str(certificate.uuid) in text
    assert f"{certificate.enrollment.completed_at:%Y-%m-%d}" in text
    assert f"/certificates/{certificate.uuid}/" in text.replace("\n", "")


def test_a_learner_without_a_name_is_called_by_the_user_name():
    enrollment = factories.EnrollmentFactory(
        user__first_name="", user__last_name="", user__username="learner-x", completed_at=timezone.now()
    )
    certificate, _ = Certificate.objects.issue(enrollment)
    assert "learner-x" in text_of(certificates.render(certificate))


@pytest.mark.parametrize("title", ["Ш" * 255, "слово " * 42, "a\nb\tc", "<b>&amp;"])
def test_any_title_and_name_fit_on_the_page(title):
    certificate = certificate_of(title, first_name="Ж" * 150, last_name="Щ" * 150)
    assert len(pypdf.PdfReader(io.BytesIO(certificates.render(certificate))).pages) == 1


def test_the_file_is_made_once():
    certificate = certificate_of()
    made = certificates.make_certificate(certificate.enrollment_id)
    assert made.file.name == f"certificates/{certificate.uuid}.pdf"
    changed_at = made.file.storage.get_modified_time(made.file.name)
    assert certificates.make_certificate(certificate.enrollment_id).file.name == made.file.name
    assert made.file.storage.get_modified_time(made.file.name) == changed_at


def test_a_file_left_by_a_killed_worker_is_replaced():
    certificate = certificate_of()
    certificate.file.storage.save(f"certificates/{certificate.uuid}.pdf", io.BytesIO(b"half a fi"))
    made = certificates.make_certificate(certificate.enrollment_id)
    with made.file.open() as file:
        assert file.read().startswith(b"%PDF-")
    assert made.file.storage.listdir("certificates")[1] == [f"{certificate.uuid}.pdf"]


def test_nothing_is_made_for_what_is_not_completed_or_has_gone():
    enrollment = factories.EnrollmentFactory()
    assert certificates.make_certificate(enrollment.pk) is None
    assert certificates.make_certificate(enrollment.pk + 1) is None
    assert not Certificate.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_simultaneous_makers_make_one_certificate():
    enrollment = certificate_of().enrollment
    made = at_once(*[partial(certificates.make_certificate, enrollment.pk)] * 4)
    assert OutgoingMessage.objects.count() == 1
    assert len({certificate.file.name for certificate in made}) == 1
    assert Certificate.objects.count() == 1


@pytest.mark.django_db(transaction=True)
class TestDeletion:
    def made(self):
        certificate = certificate_of()
        return certificates.make_certificate(certificate.enrollment_id)

    @pytest.mark.parametrize(
        "delete",
        [
            lambda certificate: certificate.delete(),
            lambda certificate: Certificate.objects.all().delete(),
            lambda certificate: certificate.enrollment.delete(),
            lambda certificate: certificate.enrollment.user.delete(),
        ],
    )
    def test_the_file_goes_with_its_row_after_the_commit(self, delete):
        certificate = self.made()
        storage, name = certificate.file.storage, certificate.file.name
        with transaction.atomic():
            delete(certificate)
            assert storage.exists(name)
        assert not storage.exists(name)

    def test_a_deletion_that_is_rolled_back_keeps_the_file(self):
        certificate = self.made()
        with transaction.atomic():
            certificate.delete()
            transaction.set_rollback(True)
        assert certificates.has_file(Certificate.objects.get())

    def test_a_file_that_a_killed_process_left_is_deleted_once_it_is_old(self):
        kept, orphan = self.made(), self.made()
        storage, name = kept.file.storage, orphan.file.name
        Certificate.objects.filter(pk=orphan.pk)._raw_delete("default")
        assert certificates.delete_orphaned_files() == 0
        for file in (kept.file.name, name):
            os.utime(storage.path(file), (0, 0))
        assert certificates.delete_orphaned_files() == 1
        assert (storage.exists(kept.file.name), storage.exists(name)) == (True, False)

    def test_no_folder_is_no_error(self):
        assert certificates.delete_orphaned_files() == 0
