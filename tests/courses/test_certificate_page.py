"""The public page of a certificate: for everyone, in three languages, as it was issued."""

from __future__ import annotations

import pytest
from django.test import Client

from courses.certificates import make_certificate, page_address
from courses.models import Certificate, Course
from messaging import dispatch
from messaging.models import OutgoingMessage
from tests.courses import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def certificate():
    enrollment = {"user__first_name": "Олена", "user__last_name": "<b>", "course__title": "Основи <i>"}
    return factories.CertificateFactory(**{f"enrollment__{name}": text for name, text in enrollment.items()})


def page(certificate, client=None, **headers):
    answer = (client or Client()).get(f"/certificates/{certificate.uuid}/", headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize(
    ("language", "heading"),
    [
        ("en", "Certificate of completion"),
        ("uk", "Сертифікат про завершення курсу"),
        ("ru", "Сертификат о прохождении курса"),
    ],
)
def test_anyone_reads_it_in_three_languages(certificate, language, heading, django_assert_num_queries):
    with django_assert_num_queries(1):
        shown = page(certificate, **{"accept-language": language})
    assert f'lang="{language}"' in shown
    for text in (heading, "Олена &lt;b&gt;", "Основи &lt;i&gt;", str(certificate.uuid)):
        assert text in shown
    assert ".pdf" not in shown


def test_it_states_what_was_right_when_it_was_issued(certificate):
    Course.objects.update(title="Another")
    shown = page(certificate)
    assert "Основи" in shown
    assert "Another" not in shown


def test_its_owner_and_staff_find_the_file(certificate):
    make_certificate(certificate.enrollment_id)
    for user, finds in [
        (certificate.enrollment.user, True),
        (factories.UserFactory(is_staff=True), True),
        (factories.UserFactory(), False),
    ]:
        client = Client()
        client.force_login(user)
        assert (f"/api/v1/certificates/{certificate.uuid}.pdf" in page(certificate, client)) is finds


def test_an_unknown_number_is_not_found():
    assert Client().get("/certificates/00000000-0000-0000-0000-000000000000/").status_code == 404
    assert Client().post("/certificates/00000000-0000-0000-0000-000000000000/").status_code == 405


def test_the_mail_leads_to_it(certificate, mailoutbox, settings):
    settings.SITE_URL = "https://syllabus.example"
    make_certificate(certificate.enrollment_id)
    dispatch.dispatch(OutgoingMessage.objects.filter(kind="courses.certificate"))
    address = f"https://syllabus.example/certificates/{certificate.uuid}/"
    assert address == page_address(Certificate.objects.get())
    assert address in mailoutbox[0].body
