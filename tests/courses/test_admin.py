"""The admin: what its lists cost, and that what it changes is right."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags

from courses import models
from courses.models import Course, CourseStats, Lesson, Module
from tests.courses import factories
from tests.support.admin_pages import cells

pytestmark = pytest.mark.django_db

FACTORIES = {
    "category": factories.CategoryFactory,
    "course": factories.CourseFactory,
    "module": factories.ModuleFactory,
    "lesson": factories.LessonFactory,
    "enrollment": factories.EnrollmentFactory,
    "review": factories.ReviewFactory,
    "certificate": factories.CertificateFactory,
}


def queries_of(client, address):
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def test_every_model_but_the_batches_is_registered():
    known = {model for model in admin.site._registry if model.__module__ == models.__name__}
    assert {model._meta.model_name for model in known} == {*FACTORIES}


@pytest.mark.parametrize("name", FACTORIES)
def test_a_list_costs_the_same_for_1_and_50_rows(admin_client, name):
    address = f"/admin/courses/{name}/?q=a&o=1"
    FACTORIES[name]()
    admin_client.get(address)  # the first may also have to learn a content type, once for the process
    for_one = queries_of(admin_client, address)
    FACTORIES[name].create_batch(49)
    assert queries_of(admin_client, f"/admin/courses/{name}/") <= queries_of(admin_client, address) == for_one


@pytest.mark.parametrize("name", FACTORIES)
def test_every_page_opens(admin_client, name):
    row = FACTORIES[name]()
    assert admin_client.get(f"/admin/courses/{name}/{row.pk}/change/").status_code == 200
    expected = 403 if name == "certificate" else 200
    assert admin_client.get(f"/admin/courses/{name}/add/").status_code == expected
    assert admin_client.get(f"/admin/courses/{name}/{row.pk}/delete/").status_code == 200


def test_a_course_page_costs_the_same_for_1_and_20_modules(admin_client):
    course = factories.CourseFactory()
    factories.ModuleFactory(course=course)
    address = f"/admin/courses/course/{course.pk}/change/"
    admin_client.get(address)  # the first may also have to learn a content type, once for the process
    for_one = queries_of(admin_client, address)
    factories.ModuleFactory.create_batch(19, course=course)
    assert queries_of(admin_client, address) == for_one


def test_the_counts_are_right(admin_client):
    course = factories.CourseFactory()
    for module in factories.ModuleFactory.create_batch(2, course=course):
        factories.LessonFactory.create_batch(3, module=module)
    page = admin_client.get("/admin/courses/course/")
    assert (cells(page, "module_count"), cells(page, "lesson_count")) == (["2"], ["6"])
    assert cells(admin_client.get("/admin/courses/module/"), "lesson_count") == ["3", "3"]
    assert cells(admin_client.get("/admin/courses/category/"), "course_count") == ["1"]


@pytest.mark.parametrize(
    ("model", "field", "found"),
    [("module", "course", "Django"), ("course", "category", "Веб"), ("lesson", "module", "Основы")],
)
def test_related_rows_are_found_by_typing(admin_client, model, field, found):
    factories.CategoryFactory(name="Веб")
    factories.ModuleFactory(title="Основы", course__title="Django")
    query = {"app_label": "courses", "model_name": model, "field_name": field, "term": found}
    answer = admin_client.get("/admin/autocomplete/", query).json()
    assert [row["text"] for row in answer["results"]] == [found]


def test_modules_are_edited_on_the_page_of_their_course_and_lessons_on_theirs(admin_client):
    module = factories.ModuleFactory()
    form = {
        "title": "Course",
        "is_published": "on",
        "modules-TOTAL_FORMS": 2,
        "modules-INITIAL_FORMS": 1,
        "modules-0-id": module.pk,
        "modules-0-course": module.course_id,
        "modules-0-title": "Renamed",
        "modules-0-position": 2,
        "modules-1-course": module.course_id,
        "modules-1-title": "Added",
        "modules-1-position": 1,
    }
    assert admin_client.post(f"/admin/courses/course/{module.course_id}/change/", form).status_code == 302
    assert [*Module.objects.values_list("title", flat=True)] == ["Added", "Renamed"]
    form = {
        "course": module.course_id,
        "title": "Module",
        "position": 0,
        "lessons-TOTAL_FORMS": 1,
        "lessons-INITIAL_FORMS": 0,
        "lessons-0-module": module.pk,
        "lessons-0-title": "Lesson",
        "lessons-0-position": 0,
    }
    assert admin_client.post(f"/admin/courses/module/{module.pk}/change/", form).status_code == 302
    assert Lesson.objects.get().module_id == module.pk


def test_courses_are_published_and_withdrawn_together(admin_client):
    courses = factories.CourseFactory.create_batch(3)
    form = {"_selected_action": [course.pk for course in courses[:2]]}
    admin_client.post("/admin/courses/course/", {**form, "action": "withdraw"})
    withdrawn = Course.objects.filter(is_published=False).order_by("pk")
    assert list(withdrawn) == courses[:2]
    assert all(row.updated_at > course.updated_at for row, course in zip(withdrawn, courses, strict=False))
    admin_client.post("/admin/courses/course/", {**form, "action": "publish"})
    admin_client.post("/admin/courses/course/", {**form, "action": "publish"})  # changes nothing
    assert Course.objects.filter(is_published=False).count() == 0
    entries = LogEntry.objects.order_by("pk").values_list("object_id", flat=True)
    assert sorted(entries) == sorted(2 * [str(course.pk) for course in courses[:2]])
    assert LogEntry.objects.latest("pk").get_change_message() == "Changed Published."


def test_a_course_without_a_review_has_no_rating_on_its_page(admin_client):
    course = factories.CourseFactory()
    page = admin_client.get(f"/admin/courses/course/{course.pk}/change/").content.decode()
    assert "Rating" in page
    assert "None" not in strip_tags(page)


def test_saving_a_form_keeps_what_was_counted_since_it_was_opened(admin_client):
    course = factories.CourseFactory()
    address = f"/admin/courses/course/{course.pk}/change/"
    admin_client.get(address)
    CourseStats.objects.update(views=7)
    form = {"title": "New", "modules-TOTAL_FORMS": 0, "modules-INITIAL_FORMS": 0}
    assert admin_client.post(address, form).status_code == 302
    assert Course.objects.values_list("title", "stats__views").get() == ("New", 7)


@pytest.mark.parametrize("name", ["category", "course"])
def test_what_is_in_use_is_not_deleted_but_explained(admin_client, name):
    course = factories.EnrollmentFactory().course
    row = course if name == "course" else course.category
    answer = admin_client.post(f"/admin/courses/{name}/{row.pk}/delete/", {"post": "yes"})
    assert answer.status_code == 200
    assert "would require deleting the following protected related objects" in answer.content.decode()
    assert type(row).objects.filter(pk=row.pk).exists()


def test_a_place_beyond_the_greatest_is_an_error_of_its_field(admin_client):
    course = factories.CourseFactory()
    form = {"title": "Course", "modules-TOTAL_FORMS": 2, "modules-INITIAL_FORMS": 0}
    for number, position in enumerate(("2147483647", "")):
        form |= {f"modules-{number}-title": "M", f"modules-{number}-position": position}
    answer = admin_client.post(f"/admin/courses/course/{course.pk}/change/", form)
    assert answer.status_code == 200
    assert "less than or equal to 1000000" in answer.content.decode()
    assert not Module.objects.exists()


@pytest.mark.parametrize("name", ["enrollment", "review"])
def test_a_row_of_a_learner_stays_with_user_and_course(admin_client, name):
    row = {"enrollment": factories.EnrollmentFactory, "review": factories.ReviewFactory}[name]()
    other = factories.EnrollmentFactory()
    form = {"user": other.user_id, "course": other.course_id, "rating": 3, "text": "x"}
    assert admin_client.post(f"/admin/courses/{name}/{row.pk}/change/", form).status_code == 302
    before = (row.user_id, row.course_id)
    row.refresh_from_db()
    assert (row.user_id, row.course_id) == before


def test_a_review_is_by_a_user_who_is_enrolled(admin_client):
    enrollment, other = factories.EnrollmentFactory(), factories.UserFactory()
    form = {"user": other.pk, "course": enrollment.course_id, "rating": 3, "text": "x"}
    page = admin_client.post("/admin/courses/review/add/", form).content.decode()
    assert "Only users who are enrolled" in page
    answer = admin_client.post("/admin/courses/review/add/", {**form, "user": enrollment.user_id})
    assert answer.status_code == 302
