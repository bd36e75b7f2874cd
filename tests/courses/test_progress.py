"""Lessons that are completed, what a course's completion asks for, and who sees how much is done."""

from __future__ import annotations

from functools import partial

import pytest
from rest_framework.test import APIClient

from courses import cache
from courses.models import Enrollment, LessonCompletion
from courses.statistics import refresh_statistics
from tests.courses import factories
from tests.support.answers import problem
from tests.support.broker import queued
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db

ENROLLMENTS = "/api/v1/me/enrollments/"


@pytest.fixture
def course():
    """Two modules, three lessons."""
    course = factories.CourseFactory()
    for count in (2, 1):
        factories.LessonFactory.create_batch(count, module=factories.ModuleFactory(course=course))
    return course


@pytest.fixture
def lessons(course):
    return [lesson for module in course.modules.all() for lesson in module.lessons.all()]


@pytest.fixture
def enrollment(course):
    return factories.EnrollmentFactory(course=course)


@pytest.fixture
def api(enrollment):
    return client_of(enrollment.user)


def client_of(user):
    client = APIClient()
    client.force_authenticate(user)
    return client


def completion(lesson):
    return f"/api/v1/lessons/{lesson.pk}/complete/"


def complete(api, course):
    return api.post(f"/api/v1/courses/{course.pk}/complete/")


def progress(api, course):
    (only,) = api.get(ENROLLMENTS, {"course": course.pk}).json()["results"]
    return only["progress"], only["completed_lessons"], only["lessons_count"]


def test_each_lesson_adds_to_the_progress_once(api, course, lessons):
    assert progress(api, course) == (0, [], 3)
    first, again = api.post(completion(lessons[0])), api.post(completion(lessons[0]))
    assert (first.status_code, again.status_code, first.json()) == (201, 200, again.json())
    assert first.json()["lesson"] == lessons[0].pk
    assert progress(api, course) == (33, [lessons[0].pk], 3)
    assert api.delete(completion(lessons[0])).status_code == 204
    assert "not completed" in problem(api.delete(completion(lessons[0])), 404)["detail"]
    assert progress(api, course) == (0, [], 3)


def test_a_course_is_completed_by_all_its_lessons_and_says_which_are_missing(api, course, lessons):
    api.post(completion(lessons[1]))
    refused = problem(complete(api, course), 409)
    assert refused["lessons"] == [{"id": each.pk, "title": each.title} for each in (lessons[0], lessons[2])]
    assert "2 are missing" in refused["detail"]
    assert Enrollment.objects.get().completed_at is None
    for lesson in lessons:
        api.post(completion(lesson))
    assert complete(api, course).status_code == 202
    assert progress(api, course)[0] == 100
    assert "stay completed" in problem(api.delete(completion(lessons[0])), 409)["detail"]


def test_a_lesson_that_is_added_to_a_completed_course_leaves_it_completed(api, course, lessons):
    for lesson in lessons:
        api.post(completion(lesson))
    issued = complete(api, course).json()["uuid"]
    factories.LessonFactory(module=lessons[0].module)
    assert complete(api, course).json()["uuid"] == issued
    assert progress(api, course)[0] == 75


def test_a_course_without_lessons_is_completed_at_once(api):
    enrollment = factories.EnrollmentFactory(user=Enrollment.objects.get().user)
    assert progress(api, enrollment.course)[0] == 100
    assert complete(api, enrollment.course).status_code == 202


def test_anytime_is_a_setting(api, course, settings):
    settings.COURSE_COMPLETION = "anytime"
    assert complete(api, course).status_code == 202


def test_lessons_that_leave_the_course_do_not_count(api, course, lessons):
    for lesson in lessons[:2]:
        api.post(completion(lesson))
    lessons[0].delete()
    assert progress(api, course) == (50, [lessons[1].pk], 2)
    lessons[1].module = factories.ModuleFactory()
    lessons[1].save()
    assert progress(api, course) == (0, [], 1)


def test_progress_is_in_no_cached_body_and_invalidates_none(api, course, lessons):
    body = cache.course_detail.get(pk=course.pk).body
    api.post(completion(lessons[0]))
    after = cache.course_detail.get(pk=course.pk)
    assert (after.x_cache, after.body) == ("HIT", body)
    assert b"progress" not in body


def test_another_learner_has_a_progress_of_their_own(api, course, lessons):
    other = client_of(factories.EnrollmentFactory(course=course).user)
    api.post(completion(lessons[0]))
    assert progress(other, course) == (0, [], 3)


def test_only_those_enrolled_complete_a_lesson_and_leaving_ends_the_progress(api, course, lessons):
    stranger = client_of(factories.UserFactory())
    assert "enroll/" in problem(stranger.post(completion(lessons[0])), 403)["detail"]
    api.post(completion(lessons[0]))
    api.delete(f"/api/v1/courses/{course.pk}/enroll/")
    assert not LessonCompletion.objects.exists()
    course.is_published = False
    course.save()
    problem(stranger.post(completion(lessons[0])), 404)


@pytest.mark.parametrize("count", [1, 50])
def test_enrolments_cost_the_same_for_1_and_50(count, django_assert_num_queries):
    user = factories.UserFactory()
    for _ in range(count):
        done = factories.LessonCompletionFactory(enrollment__user=user)
        factories.LessonFactory(module=done.lesson.module)
        factories.CertificateFactory(enrollment=done.enrollment)
        factories.ReviewFactory(user=user, course=done.enrollment.course)
    api = client_of(user)
    for path in ("enrollments", "certificates", "reviews"):
        with django_assert_num_queries(2):
            page = api.get(f"/api/v1/me/{path}/", {"page_size": 100}).json()
        assert len(page["results"]) == count
    assert [row["progress"] for row in api.get(ENROLLMENTS).json()["results"]] == [50] * min(count, 20)


def test_an_enrolment_shows_its_certificate_and_the_filter_finds_it(api, course, enrollment):
    certificate = factories.CertificateFactory(enrollment=enrollment)
    other = factories.EnrollmentFactory(user=enrollment.user)
    shown = {row["course"]["id"]: row["certificate"] for row in api.get(ENROLLMENTS).json()["results"]}
    assert shown[other.course_id] is None
    assert shown[course.pk]["uuid"] == str(certificate.uuid)
    assert api.get("/api/v1/me/certificates/").json()["results"] == [shown[course.pk]]
    assert api.get(ENROLLMENTS, {"course": factories.CourseFactory().pk}).json()["results"] == []
    assert [*problem(api.get(ENROLLMENTS, {"course": "x"}), 400)["errors"]] == ["course"]


def test_a_review_is_changed_and_deleted_by_its_author_and_the_rating_follows(api, course):
    review = api.post(f"/api/v1/courses/{course.pk}/reviews/", {"rating": 1}, format="json")
    address = review["Location"]
    read = api.get(address)
    assert read.json()["course"] == {"id": course.pk, "title": course.title}
    body = {**read.json(), "rating": 4}
    changed = api.put(address, body, format="json", headers={"If-Match": read["ETag"]})
    assert changed.json() == body
    refresh_statistics([course.pk])  # test_a_changed_review_refreshes_the_statistics: it is published
    assert cache.course_detail.get(pk=course.pk).value["rating"] == 4
    problem(api.patch(address, {"rating": 2}, format="json", headers={"If-Match": read["ETag"]}), 412)
    assert [*problem(api.patch(address, {"rating": 9}, format="json"), 400)["errors"]] == ["rating"]
    assert api.delete(address).status_code == 204
    refresh_statistics([course.pk])
    assert cache.course_detail.get(pk=course.pk).value["rating"] == 0


@pytest.mark.django_db(transaction=True)
def test_a_changed_review_refreshes_the_statistics():
    review = factories.ReviewFactory()
    api, address = client_of(review.user), f"/api/v1/me/reviews/{review.pk}/"
    assert api.patch(address, {"rating": 1}, format="json").status_code == 200
    assert api.delete(address).status_code == 204
    assert queued() == ["courses.tasks.refresh_statistics"] * 2


@pytest.mark.django_db(transaction=True)
def test_completed_at_once_by_many_requests_it_is_completed_once(course, lessons, enrollment):
    def post():
        return client_of(enrollment.user).post(completion(lessons[0])).status_code

    assert sorted(at_once(*[post] * 4)) == [200, 200, 200, 201]


@pytest.mark.django_db(transaction=True)
def test_a_course_is_completed_while_a_lesson_is_added():
    """Either comes first: a lesson added first is missing, one added later leaves the course completed."""
    editor = factories.UserFactory(is_superuser=True)
    for _ in range(10):
        enrollment = factories.EnrollmentFactory()
        module = factories.ModuleFactory(course=enrollment.course)
        address = f"/api/v1/modules/{module.pk}/lessons/"
        add = partial(client_of(editor).post, address, {"title": "New"}, format="json")
        finish = partial(complete, client_of(enrollment.user), enrollment.course)
        added, finished = at_once(add, finish)
        assert added.status_code == 201
        assert finished.status_code in {202, 409}
        enrollment.refresh_from_db()
        assert (enrollment.completed_at is not None) is (finished.status_code == 202)
