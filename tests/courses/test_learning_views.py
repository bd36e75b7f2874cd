"""What learners do over HTTP, from the enrolment to the certificate."""

from __future__ import annotations

import contextlib

import pytest
from rest_framework.test import APIClient

from courses import tasks
from courses.models import Certificate, Course, Enrollment, Review
from messaging import dispatch
from messaging.models import OutgoingMessage
from tests.courses import factories
from tests.support.answers import problem
from tests.support.broker import queued

pytestmark = pytest.mark.django_db


@pytest.fixture
def course():
    return factories.LessonFactory(content="The secret").module.course


@pytest.fixture
def learner():
    return factories.UserFactory(first_name="Анна", last_name="Иванова")


@pytest.fixture
def api(learner):
    client = APIClient()
    client.force_authenticate(learner)
    return client


def at(course, rest):
    return f"/api/v1/courses/{course.pk}/{rest}/"


def complete_lessons(api, course):
    for module in course.modules.all():
        for lesson in module.lessons.all():
            api.post(f"/api/v1/lessons/{lesson.pk}/complete/")


def test_enrolling_again_changes_nothing(api, course):
    first, second = api.post(at(course, "enroll")), api.post(at(course, "enroll"))
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert first.json()["course"] == course.pk
    assert Enrollment.objects.count() == 1


def test_leaving_ends_the_right_to_read_and_can_be_undone(api, course):
    lesson = at(course, f"lessons/{course.modules.get().lessons.get().pk}")
    problem(api.get(lesson), 403)
    api.post(at(course, "enroll"))
    assert api.get(lesson).json()["content"] == "The secret"
    assert api.delete(at(course, "enroll")).status_code == 204
    assert "not enrolled" in problem(api.delete(at(course, "enroll")), 404)["detail"]
    assert "POST to its enroll/" in problem(api.get(lesson), 403)["detail"]
    assert api.post(at(course, "enroll")).status_code == 201


def test_a_completed_course_cannot_be_left(api, course):
    api.post(at(course, "enroll"))
    complete_lessons(api, course)
    api.post(at(course, "complete"))
    assert "certificate" in problem(api.delete(at(course, "enroll")), 409)["detail"]


def test_a_lesson_is_found_in_its_own_course_only(api, course):
    factories.EnrollmentFactory(course=course, user=api.handler._force_user)
    other = factories.LessonFactory()
    problem(api.get(at(course, f"lessons/{other.pk}")), 404)
    problem(api.get(at(course, f"lessons/{10**30}")), 404)


def test_reviews_are_written_once_and_read_by_all(api, course, learner):
    api.post(at(course, "enroll"))
    body = {"rating": 4, "text": "Хорошо"}
    added = api.post(at(course, "reviews"), body, format="json")
    assert (added.status_code, added.json()["user"]) == (201, learner.username)
    assert "already" in problem(api.post(at(course, "reviews"), body, format="json"), 409)["detail"]
    assert Review.objects.count() == 1
    assert APIClient().get(at(course, "reviews")).json() == {
        "count": 1,
        "next": None,
        "previous": None,
        "results": [added.json()],
    }


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "rating"),
        ({"rating": 0}, "rating"),
        ({"rating": 6}, "rating"),
        ({"rating": 4.5}, "rating"),
        ({"rating": None}, "rating"),
        ({"rating": "good"}, "rating"),
        ({"rating": 10**30}, "rating"),
        ({"rating": 4, "text": "x" * 5001}, "text"),
        ({"rating": 4, "text": "a\0"}, "text"),
        ({"rating": 4.0}, "rating"),
        ({"rating": 4, "user": "x"}, "user"),
        ({"rating": 4, "stars": 5}, "stars"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_review_that_is_not_one_is_refused(api, course, body, field):
    api.post(at(course, "enroll"))
    assert [*problem(api.post(at(course, "reviews"), body, format="json"), 400)["errors"]] == [field]


@pytest.mark.parametrize("count", [1, 50])
def test_a_page_of_reviews_costs_the_same_for_1_and_50(api, course, count, django_assert_num_queries):
    for _ in range(count):
        factories.ReviewFactory(course=course)
    with django_assert_num_queries(3):
        page = api.get(at(course, "reviews"), {"page_size": 100}).json()
    ids = [review["id"] for review in page["results"]]
    assert (len(ids), ids) == (count, sorted(ids, reverse=True))


def test_completing_leads_to_a_certificate_that_anyone_can_verify(api, course, mailoutbox):
    api.post(at(course, "enroll"))
    complete_lessons(api, course)
    first = api.post(at(course, "complete"))
    assert (first.status_code, first.json()["pdf"]) == (202, None)
    certificate = first.json()["uuid"]
    waiting = api.get(f"/api/v1/certificates/{certificate}.pdf")
    assert "being made" in problem(waiting, 404)["detail"]
    assert waiting["Retry-After"] == "5"

    tasks.certify(Enrollment.objects.get().pk)
    dispatch.dispatch(OutgoingMessage.objects.filter(kind="courses.certificate"))
    again = api.post(at(course, "complete"))
    assert again.status_code == 200
    assert again.json() == {**first.json(), "pdf": f"/api/v1/certificates/{certificate}.pdf"}

    seen = APIClient().get(f"/api/v1/certificates/{certificate}/").json()
    assert (seen["learner"], seen["course"]) == ("Анна Иванова", course.title)
    with contextlib.closing(api.get(seen["pdf"], headers={"accept": "application/pdf"})) as answer:
        assert answer["Content-Type"] == "application/pdf"
        assert answer.getvalue().startswith(b"%PDF-")
    assert [mail.attachments[0].filename for mail in mailoutbox] == [f"{certificate}.pdf"]


def test_a_lost_file_is_made_again(api, course):
    api.post(at(course, "enroll"))
    complete_lessons(api, course)
    address = f"/api/v1/certificates/{api.post(at(course, 'complete')).json()['uuid']}.pdf"
    tasks.certify(Enrollment.objects.get().pk)
    certificate = Certificate.objects.get()
    certificate.file.storage.delete(certificate.file.name)
    assert queued() == []
    problem(api.get(address), 404)
    assert queued() == ["courses.tasks.certify"]
    tasks.certify(Enrollment.objects.get().pk)
    with contextlib.closing(api.get(address)) as answer:
        assert answer.status_code == 200


def test_a_certificate_states_what_was_right_when_it_was_issued(api, course, learner):
    api.post(at(course, "enroll"))
    complete_lessons(api, course)
    issued = api.post(at(course, "complete")).json()
    learner.first_name = "Another"
    learner.save()
    Course.objects.update(title="Another")
    seen = APIClient().get(f"/api/v1/certificates/{issued['uuid']}/").json()
    assert (
        (seen["learner"], seen["course"])
        == (issued["learner"], course.title)
        == ("Анна Иванова", course.title)
    )


@pytest.mark.parametrize("action", ["enroll", "complete"])
def test_an_action_without_fields_refuses_a_body(api, course, action):
    assert (
        "Accepted: none" in problem(api.post(at(course, action), {"now": True}, format="json"), 400)["detail"]
    )
    assert not Enrollment.objects.exists()


@pytest.mark.parametrize("uuid", ["00000000-0000-0000-0000-000000000000", "x"])
def test_an_unknown_certificate_is_not_found(api, uuid):
    problem(api.get(f"/api/v1/certificates/{uuid}/"), 404)
    problem(api.get(f"/api/v1/certificates/{uuid}.pdf"), 404)
