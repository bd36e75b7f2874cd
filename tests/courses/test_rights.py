"""Who may do what: every address, every verb, every kind of caller."""

from __future__ import annotations

import contextlib
import json
import re

import pytest
from rest_framework.test import APIClient

from courses.certificates import make_certificate
from courses.models import Course
from courses.urls import urlpatterns
from tests.courses import factories

pytestmark = pytest.mark.django_db

ANONYMOUS, SIGNED_IN, ENROLLED, STAFF, PERMITTED = "anonymous", "signed-in", "enrolled", "staff", "permitted"
SUPERUSER = "superuser"
CALLERS = (ANONYMOUS, SIGNED_IN, ENROLLED, STAFF, PERMITTED, SUPERUSER)

MODELS = ("course", "category", "module", "lesson")
BODIES = {
    "me/reviews": {"rating": 4},
    "order": {"ids": []},  # of the free course and module, which have no children
    "reviews": {"rating": 4},
    "categories": {"name": "Category"},
    "enroll": {},
    "complete": {},
}

# What each caller is answered, in the order of CALLERS.
MATRIX = {
    ("GET", "courses/"): (200, 200, 200, 200, 200, 200),
    ("POST", "courses/"): (401, 403, 403, 403, 201, 201),
    ("GET", "courses/top/"): (200, 200, 200, 200, 200, 200),
    ("POST", "courses/top/"): (405, 405, 405, 405, 405, 405),
    ("GET", "courses/{course}/"): (200, 200, 200, 200, 200, 200),
    ("PUT", "courses/{course}/"): (401, 403, 403, 403, 200, 200),
    ("PATCH", "courses/{course}/"): (401, 403, 403, 403, 200, 200),
    ("DELETE", "courses/{course}/"): (401, 403, 403, 403, 409, 409),
    ("DELETE", "courses/{free}/"): (401, 403, 403, 403, 204, 204),
    ("GET", "courses/{draft}/"): (404, 404, 404, 404, 200, 200),
    ("PATCH", "courses/{draft}/"): (401, 403, 403, 403, 200, 200),
    ("POST", "courses/{course}/enroll/"): (401, 201, 200, 201, 201, 201),
    ("DELETE", "courses/{course}/enroll/"): (401, 404, 204, 404, 404, 404),
    ("GET", "courses/{course}/enroll/"): (401, 405, 405, 405, 405, 405),
    ("POST", "courses/{draft}/enroll/"): (401, 404, 404, 404, 201, 201),
    ("GET", "courses/{course}/reviews/"): (200, 200, 200, 200, 200, 200),
    ("POST", "courses/{course}/reviews/"): (401, 403, 201, 403, 403, 403),
    ("GET", "courses/{draft}/reviews/"): (404, 404, 404, 404, 200, 200),
    ("POST", "courses/{draft}/reviews/"): (401, 404, 404, 404, 403, 403),
    ("GET", "courses/{course}/lessons/{lesson}/"): (401, 403, 200, 200, 403, 200),
    ("GET", "courses/{draft}/lessons/{draft_lesson}/"): (401, 404, 404, 404, 403, 200),
    ("GET", "courses/{free}/lessons/{lesson}/"): (401, 403, 403, 404, 403, 404),
    ("POST", "courses/{course}/complete/"): (401, 403, 409, 403, 403, 403),
    ("GET", "courses/{course}/complete/"): (401, 405, 405, 405, 405, 405),
    ("GET", "certificates/{certificate}/"): (200, 200, 200, 200, 200, 200),
    ("DELETE", "certificates/{certificate}/"): (405, 405, 405, 405, 405, 405),
    ("GET", "certificates/{certificate}.pdf"): (401, 403, 403, 404, 403, 404),
    ("GET", "categories/"): (200, 200, 200, 200, 200, 200),
    ("POST", "categories/"): (401, 403, 403, 403, 201, 201),
    ("GET", "categories/{category}/"): (200, 200, 200, 200, 200, 200),
    ("PUT", "categories/{category}/"): (401, 403, 403, 403, 200, 200),
    ("PATCH", "categories/{category}/"): (401, 403, 403, 403, 200, 200),
    ("DELETE", "categories/{category}/"): (401, 403, 403, 403, 409, 409),
    ("DELETE", "categories/{free_category}/"): (401, 403, 403, 403, 204, 204),
    ("GET", "courses/{course}/modules/"): (401, 403, 403, 403, 200, 200),
    ("POST", "courses/{course}/modules/"): (401, 403, 403, 403, 201, 201),
    ("GET", "courses/{draft}/modules/"): (401, 403, 403, 403, 200, 200),
    ("GET", "courses/{free}/modules/order/"): (401, 403, 403, 403, 200, 200),
    ("PUT", "courses/{free}/modules/order/"): (401, 403, 403, 403, 200, 200),
    ("GET", "modules/{module}/"): (401, 403, 403, 403, 200, 200),
    ("PUT", "modules/{module}/"): (401, 403, 403, 403, 400, 400),  # PUT needs the course as well
    ("PATCH", "modules/{module}/"): (401, 403, 403, 403, 200, 200),
    ("DELETE", "modules/{module}/"): (401, 403, 403, 403, 204, 204),
    ("GET", "modules/{module}/lessons/"): (401, 403, 403, 403, 200, 200),
    ("POST", "modules/{module}/lessons/"): (401, 403, 403, 403, 201, 201),
    ("GET", "modules/{empty}/lessons/order/"): (401, 403, 403, 403, 200, 200),
    ("PUT", "modules/{empty}/lessons/order/"): (401, 403, 403, 403, 200, 200),
    ("GET", "lessons/{lesson}/"): (401, 403, 403, 403, 200, 200),
    ("PATCH", "lessons/{lesson}/"): (401, 403, 403, 403, 200, 200),
    ("DELETE", "lessons/{lesson}/"): (401, 403, 403, 403, 204, 204),
    ("PATCH", "lessons/{draft_lesson}/"): (401, 403, 403, 403, 200, 200),
    ("POST", "lessons/{lesson}/complete/"): (401, 403, 201, 403, 403, 403),
    ("DELETE", "lessons/{lesson}/complete/"): (401, 403, 404, 403, 403, 403),
    ("POST", "lessons/{draft_lesson}/complete/"): (401, 404, 404, 404, 403, 403),
    ("GET", "me/enrollments/"): (401, 200, 200, 200, 200, 200),
    ("POST", "me/enrollments/"): (401, 405, 405, 405, 405, 405),
    ("GET", "me/certificates/"): (401, 200, 200, 200, 200, 200),
    ("GET", "me/reviews/"): (401, 200, 200, 200, 200, 200),
    ("GET", "me/reviews/{review}/"): (401, 404, 404, 404, 404, 404),  # another user's
    ("PUT", "me/reviews/{review}/"): (401, 404, 404, 404, 404, 404),
    ("PATCH", "me/reviews/{review}/"): (401, 404, 404, 404, 404, 404),
    ("DELETE", "me/reviews/{review}/"): (401, 404, 404, 404, 404, 404),
}


@pytest.fixture
def ids():
    course, free = factories.CourseFactory.create_batch(2)
    draft = factories.CourseFactory(is_published=False)
    lesson = factories.LessonFactory(module__course=course)
    return {
        "course": course.pk,
        "free": free.pk,
        "draft": draft.pk,
        "module": lesson.module_id,
        "empty": factories.ModuleFactory(course=course).pk,
        "lesson": lesson.pk,
        "review": factories.ReviewFactory(course=course).pk,
        "draft_lesson": factories.LessonFactory(module__course=draft).pk,
        "category": course.category_id,
        "free_category": factories.CategoryFactory().pk,
        "certificate": factories.CertificateFactory(enrollment__course=course).uuid,
    }


@pytest.fixture
def caller(ids, permitted):
    """Makes a client of one of CALLERS."""

    def make(kind):
        client = APIClient()
        if kind == PERMITTED:
            verbs = ("add", "change", "delete", "view")
            names = [f"{verb}_{model}" for verb in verbs for model in MODELS]
            client.force_authenticate(permitted(*names))
        elif kind != ANONYMOUS:
            is_superuser = kind == SUPERUSER
            user = factories.UserFactory(is_staff=is_superuser or kind == STAFF, is_superuser=is_superuser)
            if kind == ENROLLED:
                factories.EnrollmentFactory(user=user, course=Course.objects.get(pk=ids["course"]))
            client.force_authenticate(user)
        return client

    return make


@pytest.mark.parametrize("kind", CALLERS)
@pytest.mark.parametrize(("verb", "path"), MATRIX)
def test_each_caller_is_answered_as_the_matrix_says(ids, caller, verb, path, kind):
    address = f"/api/v1/{path.format(**ids)}"
    answer = caller(kind).generic(verb, address, *body_of(verb, path))
    assert answer.status_code == MATRIX[verb, path][CALLERS.index(kind)], answer.content
    if answer.status_code == 401:
        assert answer["WWW-Authenticate"] == "Token"


def body_of(verb, path):
    """Return a valid body for the address; a course's where nothing else is said."""
    body = next((body for part, body in BODIES.items() if part in path), {"title": "Course"})
    return (json.dumps(body), "application/json") if verb in {"POST", "PUT", "PATCH"} else ()


def test_the_matrix_knows_every_address():
    parts = {
        "<int:pk>": "{}",
        "<int:lesson_id>": "{}",
        "<int:course_id>": "{}",
        "<int:module_id>": "{}",
        "<uuid:uuid>": "{}",
    }
    known = {path_without_ids(path) for _, path in MATRIX}
    for pattern in urlpatterns:
        route = str(pattern.pattern)
        for part, blank in parts.items():
            route = route.replace(part, blank)
        assert route in known


def path_without_ids(path):
    return re.sub(r"\{\w+\}", "{}", path)


@pytest.mark.parametrize("codename", ["add_course", "change_course", "delete_course", "view_course"])
@pytest.mark.parametrize(
    ("verb", "needed"), [("POST", "add"), ("PUT", "change"), ("PATCH", "change"), ("DELETE", "delete")]
)
def test_a_permission_opens_its_own_verb_only(permitted, codename, verb, needed):
    client = APIClient()
    client.force_authenticate(permitted(codename))
    course = factories.CourseFactory()
    address = "/api/v1/courses/" if verb == "POST" else f"/api/v1/courses/{course.pk}/"
    status = client.generic(verb, address, *body_of(verb, address)).status_code
    assert (status < 300) is codename.startswith(needed)


def test_an_enrolment_ends_with_the_publication(ids, caller):
    client = caller(ENROLLED)
    Course.objects.filter(pk=ids["course"]).update(is_published=False)
    assert client.get(f"/api/v1/courses/{ids['course']}/lessons/{ids['lesson']}/").status_code == 404


def test_the_owner_gets_the_file():
    certificate = factories.CertificateFactory()
    make_certificate(certificate.enrollment_id)
    client = APIClient()
    client.force_authenticate(certificate.enrollment.user)
    with contextlib.closing(client.get(f"/api/v1/certificates/{certificate.uuid}.pdf")) as answer:
        assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
