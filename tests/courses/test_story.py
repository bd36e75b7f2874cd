"""A learner's way through a course, over HTTP: browse, search, enrol, learn, complete, prove it, review."""

from __future__ import annotations

import contextlib

import pytest
from rest_framework.test import APIClient

from courses import statistics, tasks
from courses.models import Enrollment
from tests.courses import factories

pytestmark = pytest.mark.django_db
ROOT = "/api/v1"


@pytest.fixture
def course():
    """Two modules with two lessons each, among other courses."""
    factories.CourseFactory.create_batch(3)
    course = factories.CourseFactory(title="Redis in Practice")
    for title in ("First Steps", "In Production"):
        factories.LessonFactory.create_batch(2, module=factories.ModuleFactory(course=course, title=title))
    return course


def test_a_learner_finds_takes_completes_and_reviews_a_course(course):
    api = APIClient()
    assert api.get(f"{ROOT}/courses/").json()["count"] == 4
    (found,) = api.get(f"{ROOT}/courses/", {"search": "pract redis"}).json()["results"]
    outline = api.get(f"{ROOT}/courses/{found['id']}/").json()["modules"]
    assert [module["title"] for module in outline] == ["First Steps", "In Production"]

    learner = factories.UserFactory(first_name="Олена", last_name="Шевченко")
    api.force_authenticate(learner)
    mine = {"course": found["id"]}
    assert api.get(f"{ROOT}/me/enrollments/", mine).json()["results"] == []
    assert api.post(f"{ROOT}/courses/{found['id']}/enroll/").status_code == 201

    lessons = [lesson["id"] for module in outline for lesson in module["lessons"]]
    for done, lesson in enumerate(lessons, 1):
        assert api.get(f"{ROOT}/courses/{found['id']}/lessons/{lesson}/").json()["content"]
        assert api.post(f"{ROOT}/courses/{found['id']}/complete/").status_code == 409
        assert api.post(f"{ROOT}/lessons/{lesson}/complete/").status_code == 201
        (enrollment,) = api.get(f"{ROOT}/me/enrollments/", mine).json()["results"]
        assert (enrollment["progress"], enrollment["completed_lessons"]) == (25 * done, lessons[:done])
    assert api.post(f"{ROOT}/courses/{found['id']}/complete/").status_code == 202
    tasks.certify(Enrollment.objects.get().pk)  # what the worker does

    (certificate,) = api.get(f"{ROOT}/me/certificates/").json()["results"]
    page = APIClient().get(certificate["page"], headers={"accept-language": "uk"}).content.decode()
    assert "Олена Шевченко" in page
    assert "Redis in Practice" in page

    reviewed = api.post(f"{ROOT}/courses/{found['id']}/reviews/", {"rating": 3}, format="json")
    edited = api.patch(
        reviewed["Location"], {"rating": 5, "text": "Better on second thoughts"}, format="json"
    )
    assert edited.status_code == 200
    statistics.refresh_statistics([course.pk])
    shown = APIClient().get(f"{ROOT}/courses/{found['id']}/").json()
    assert (shown["rating"], shown["students_count"]) == (5, 1)
    with contextlib.closing(api.get(certificate["pdf"])) as file:
        assert file.getvalue().startswith(b"%PDF-")
