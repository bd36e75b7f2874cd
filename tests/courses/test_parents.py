"""A parent that is deleted while a child is made or moved: 404 or 409 for one of the two, never a 500."""

from __future__ import annotations

from functools import partial

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

from courses.models import Course, Lesson, Module
from tests.courses import factories
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 15
COURSES, CATEGORIES = "/api/v1/courses/", "/api/v1/categories/"


@pytest.fixture
def admin():
    return factories.UserFactory(is_staff=True, is_superuser=True)


def sending(user, method, address, body=None):
    """Return a call that sends a request of the API and returns the status."""

    def send():
        client = APIClient(raise_request_exception=False)
        client.force_authenticate(user)
        return getattr(client, method)(address, body, format="json").status_code

    return send


def submitting(user, address, form):
    """Return a call that posts a form of the admin and returns the status."""
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return partial(lambda: client.post(address, form).status_code)


def both(make, delete):
    """Do both at once. Return the statuses, of which one is a refusal at least."""
    statuses = tuple(at_once(make, delete))
    assert max(statuses) < 500, statuses
    return statuses


def test_a_course_is_made_in_a_category_that_is_deleted(admin):
    for _ in range(ROUNDS):
        pk = factories.CategoryFactory().pk
        make = sending(admin, "post", COURSES, {"title": "New", "category": pk})
        made, deleted = both(make, sending(admin, "delete", f"{CATEGORIES}{pk}/"))
        assert (made, deleted) in {(201, 409), (400, 204), (409, 204)}


def test_a_course_is_moved_to_a_category_that_is_deleted(admin):
    course = factories.CourseFactory()
    for _ in range(ROUNDS):
        pk = factories.CategoryFactory().pk
        move = sending(admin, "patch", f"{COURSES}{course.pk}/", {"category": pk})
        moved, deleted = both(move, sending(admin, "delete", f"{CATEGORIES}{pk}/"))
        assert (moved, deleted) in {(200, 409), (400, 204), (409, 204)}


def test_a_course_is_deleted_while_it_is_enrolled_in(admin):
    for _ in range(ROUNDS):
        course = factories.CourseFactory()
        enroll = sending(factories.UserFactory(), "post", f"{COURSES}{course.pk}/enroll/")
        enrolled, deleted = both(enroll, sending(admin, "delete", f"{COURSES}{course.pk}/"))
        assert (enrolled, deleted) in {(201, 409), (404, 204)}


def test_an_enrolment_ends_while_the_course_is_reviewed():
    for _ in range(ROUNDS):
        enrollment = factories.EnrollmentFactory()
        at = f"{COURSES}{enrollment.course_id}"
        review = sending(enrollment.user, "post", f"{at}/reviews/", {"rating": 4})
        reviewed, left = both(review, sending(enrollment.user, "delete", f"{at}/enroll/"))
        assert left == 204
        assert reviewed in {201, 403}


def test_a_user_is_deleted_while_enrolling(admin):
    course = factories.CourseFactory()
    for _ in range(ROUNDS):
        user = factories.UserFactory()
        enroll = sending(user, "post", f"{COURSES}{course.pk}/enroll/")
        delete = submitting(admin, f"/admin/auth/user/{user.pk}/delete/", {"post": "yes"})
        enrolled, deleted = both(enroll, delete)
        assert enrolled in {201, 409}
        assert deleted in {302, 409}
        assert User.objects.filter(pk=user.pk).exists() is (deleted == 409)


def test_a_module_is_made_in_a_course_that_is_deleted(admin):
    for _ in range(ROUNDS):
        course = factories.CourseFactory()
        form = {"course": course.pk, "title": "New", "position": 0}
        form |= {"lessons-TOTAL_FORMS": 0, "lessons-INITIAL_FORMS": 0}
        make = submitting(admin, "/admin/courses/module/add/", form)
        made, deleted = both(make, sending(admin, "delete", f"{COURSES}{course.pk}/"))
        assert made in {302, 200, 409}  # 200: the form with its error
        assert deleted in {204, 409}
        assert not Module.objects.exclude(course__in=Course.objects.all()).exists()


def test_a_lesson_is_made_in_a_module_that_is_deleted(admin):
    for _ in range(ROUNDS):
        module = factories.ModuleFactory()
        form = {"module": module.pk, "title": "New", "position": 0}
        make = submitting(admin, "/admin/courses/lesson/add/", form)
        delete = submitting(admin, f"/admin/courses/module/{module.pk}/delete/", {"post": "yes"})
        made, deleted = both(make, delete)
        assert made in {302, 200, 409}
        assert deleted in {302, 409}
        assert not Lesson.objects.exclude(module__in=Module.objects.all()).exists()
