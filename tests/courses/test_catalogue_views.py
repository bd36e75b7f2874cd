"""The catalogue over HTTP: what is cached, what a write invalidates, how bad input is refused."""

from __future__ import annotations

import json
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from courses import selectors, view_counts
from courses.models import Category, Course
from tests.courses import factories
from tests.support.answers import problem
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db

COURSES, CATEGORIES = "/api/v1/courses/", "/api/v1/categories/"
TOP = "/api/v1/courses/top/"


def address(course):
    return f"{COURSES}{course.pk}/"


def cached_addresses(course):
    return [address(course), COURSES, f"{TOP}?limit=5&order=title"]


class TestCaching:
    def test_a_hit_repeats_the_miss_to_the_byte_without_sql(self, api):
        lesson = factories.LessonFactory(title="Урок")
        for path in [*cached_addresses(lesson.module.course), CATEGORIES]:
            miss = api.get(path)
            with CaptureQueriesContext(connection) as captured:
                hit = api.get(path)
            assert (miss["X-Cache"], hit["X-Cache"]) == ("MISS", "HIT")
            assert hit["Cache-Status"].startswith("Syllabus; hit; ttl=")
            assert (miss.content, miss["ETag"]) == (hit.content, hit["ETag"])
            assert not captured.captured_queries

    @pytest.mark.parametrize("count", [1, 50])
    def test_a_miss_costs_few_queries_however_many_courses(self, api, count):
        courses = factories.CourseFactory.create_batch(count)
        for course in courses:
            factories.LessonFactory(module__course=course)
        for path, cost in [
            (address(courses[0]), 1),
            (f"{COURSES}?page_size=100", 1),
            (f"{COURSES}?category={courses[0].category_id}", 2),
            (f"{TOP}?limit=100", 1),
            (CATEGORIES, 1),
        ]:
            with CaptureQueriesContext(connection) as captured:
                assert api.get(path)["X-Cache"] == "MISS"
            assert len(captured) == cost, path

    def test_the_keys_are_readable_and_expire_as_promised(self, api, cache_redis):
        course = factories.CourseFactory()
        for path in [*cached_addresses(course), CATEGORIES]:
            api.get(path)
        for key, most in [
            (f":1:v1:courses:detail:{course.pk}", 300),
            (":1:v1:courses:top:5:title", 60),
            (":1:v1:courses:list", 300),
            (":1:v1:categories", 300),
        ]:
            assert 0 < cache_redis.ttl(key) <= most, key
        stored = cache_redis.get(f":1:v1:courses:detail:{course.pk}")
        assert json.loads(stored) == selectors.course_detail(pk=course.pk)

    def test_what_the_client_has_is_not_sent_again(self, api):
        course = factories.CourseFactory()
        for path in cached_addresses(course):
            etag = api.get(path)["ETag"]
            again = api.get(path, headers={"If-None-Match": etag})
            assert (again.status_code, again.content, again["X-Cache"]) == (304, b"", "HIT")

    def test_a_patch_is_seen_by_the_next_read_of_everything(self, api, editor_api):
        course = factories.CourseFactory()
        paths = cached_addresses(course)
        for path in paths:
            api.get(path)
            assert api.get(path)["X-Cache"] == "HIT"
        answer = editor_api.patch(address(course), {"title": "Новое"}, format="json")
        assert (answer.status_code, answer.json()["title"]) == (200, "Новое")
        for path in paths:
            read = api.get(path)
            assert read["X-Cache"] == "MISS"
            assert "Новое" in read.content.decode()

    def test_a_patch_through_the_admin_is_seen_by_the_next_read_of_everything(self, api, admin_client):
        course = factories.CourseFactory()
        paths = cached_addresses(course)
        for path in paths:
            api.get(path)
        form = {
            "title": "Новое",
            "description": "",
            "category": course.category_id,
            "is_published": "on",
            "modules-TOTAL_FORMS": 0,
            "modules-INITIAL_FORMS": 0,
        }
        assert admin_client.post(f"/admin/courses/course/{course.pk}/change/", form).status_code == 302
        for path in paths:
            read = api.get(path)
            assert read["X-Cache"] == "MISS"
            assert "Новое" in read.content.decode()

    def test_the_same_list_asked_for_differently_is_cached_once(self, api):
        factories.CourseFactory()
        assert api.get(f"{COURSES}?min_rating=0&search=course")["X-Cache"] == "MISS"
        assert api.get(f"{COURSES}?search=+course+&min_rating=0.0&page=1")["X-Cache"] == "HIT"

    def test_lists_are_the_same_under_every_host_name(self, settings):
        settings.ALLOWED_HOSTS = ["one.example", "two.example"]
        factories.CourseFactory.create_batch(2)
        path = f"{COURSES}?page_size=1"
        one, two = (APIClient().get(path, headers={"host": host}) for host in settings.ALLOWED_HOSTS)
        assert one.content == two.content
        assert one.json()["next"] == "/api/v1/courses/?order=-id&page=2&page_size=1"


class TestDrafts:
    @pytest.fixture
    def draft(self):
        return factories.CourseFactory(is_published=False, title="Draft")

    @pytest.fixture
    def plain_api(self):
        client = APIClient()
        client.force_authenticate(factories.UserFactory(is_staff=True))
        return client

    def test_to_others_they_do_not_exist(self, api, plain_api, draft):
        for client in (api, plain_api):
            missing = problem(client.get(address(Course(pk=10**6))), 404)
            assert problem(client.get(address(draft)), 404) == missing
            assert client.get(COURSES).json()["count"] == 0
            assert client.get(TOP).json() == []

    @pytest.mark.parametrize("codename", ["view_course", "change_course"])
    def test_the_permitted_see_them_past_the_cache(self, api, permitted, draft, cache_redis, codename):
        editor = APIClient()
        editor.force_authenticate(permitted(codename))
        for path in cached_addresses(draft):
            for _ in range(2):
                read = editor.get(path)
                assert (read.status_code, read["X-Cache"]) == (200, "BYPASS")
                assert read["Cache-Status"] == "Syllabus; fwd=bypass; detail=drafts"
                assert "Draft" in read.content.decode()
        assert not [key for key in cache_redis.scan_iter() if b"Draft" in (dumped(cache_redis, key) or b"")]

    def test_the_permitted_read_what_is_published_through_the_cache(self, permitted):
        editor = APIClient()
        editor.force_authenticate(permitted("view_course"))
        course = factories.CourseFactory()
        assert [editor.get(address(course))["X-Cache"] for _ in range(2)] == ["MISS", "HIT"]

    def test_withdrawing_a_course_hides_it_at_once(self, api, editor_api):
        course = factories.CourseFactory()
        assert api.get(address(course)).status_code == 200
        editor_api.patch(address(course), {"is_published": False}, format="json")
        problem(api.get(address(course)), 404)
        assert api.get(COURSES).json()["count"] == 0


def dumped(client, key):
    """What a key holds, whatever its type."""
    return {
        b"string": client.get,
        b"hash": lambda key: b"".join(client.hgetall(key).values()),
    }.get(client.type(key), lambda _: None)(key)


class TestViews:
    def test_each_read_counts_and_is_written_by_the_flush(self, api):
        course = factories.CourseFactory()
        with CaptureQueriesContext(connection) as captured:
            for _ in range(3):
                assert api.get(address(course)).json()["views"] == 0
        assert not [query for query in captured if query["sql"].startswith("UPDATE")]
        view_counts.flush_views()
        assert course.stats.views == 3
        assert api.get(address(course))["X-Cache"] == "HIT"  # it may lag
        course.save()
        assert api.get(address(course)).json()["views"] == 3

    def test_what_is_not_shown_does_not_count(self, api, editor_api):
        course, draft = factories.CourseFactory(), factories.CourseFactory(is_published=False)
        api.head(address(course))
        api.get(f"{COURSES}999/")
        editor_api.get(address(draft))
        assert view_counts.flush_views() == 0


class TestWriting:
    def test_a_course_is_added_and_answered_in_full(self, api, editor_api):
        category = factories.CategoryFactory()
        body = {"title": "  Django ", "description": "Веб", "category": category.pk}
        answer = editor_api.post(COURSES, body, format="json")
        assert answer.status_code == 201
        pk = Course.objects.get().pk
        assert answer["Location"] == f"{COURSES}{pk}/"
        assert answer.json()["title"] == "Django"
        assert answer.json() == api.get(answer["Location"]).json()

    def test_a_put_replaces(self, editor_api):
        course = factories.CourseFactory()
        answer = editor_api.put(address(course), {"title": "New", "category": None}, format="json")
        assert (answer.json()["title"], answer.json()["category"]) == ("New", None)
        problem(editor_api.put(address(course), {"description": "No title"}, format="json"), 400)

    def test_what_is_counted_cannot_be_written(self, editor_api):
        course = factories.CourseFactory()
        body = {"views": 99, "students_count": 99, "rating": 5, "id": 99}
        errors = problem(editor_api.patch(address(course), body, format="json"), 400)["errors"]
        assert errors.keys() == body.keys()
        assert "Accepted: title, description, category, is_published." in errors["rating"][0]
        course.refresh_from_db()
        stats = course.stats
        assert (stats.views, stats.students_count, stats.rating) == (0, 0, 0)

    def test_a_deleted_course_is_gone(self, api, editor_api):
        course = factories.LessonFactory().module.course
        api.get(address(course))
        assert editor_api.delete(address(course)).status_code == 204
        problem(api.get(address(course)), 404)

    def test_a_course_in_use_is_not_deleted(self, editor_api):
        course = factories.EnrollmentFactory().course
        factories.LessonFactory(module__course=course)
        detail = problem(editor_api.delete(address(course)), 409)["detail"]
        assert "in use by 1 enrollment:" in detail
        assert "is_published" in detail
        assert course.modules.count() == 1

    def test_a_category_in_use_is_not_deleted(self, editor_api):
        category = factories.CourseFactory().category
        detail = problem(editor_api.delete(f"{CATEGORIES}{category.pk}/"), 409)["detail"]
        assert "in use by 1 course:" in detail
        assert Category.objects.exists()

    def test_a_category_is_added_renamed_and_deleted(self, api, editor_api):
        assert api.get(CATEGORIES).json() == []
        added = editor_api.post(CATEGORIES, {"name": "Web"}, format="json")
        assert (added.status_code, api.get(CATEGORIES).json()) == (201, [added.json()])
        path = f"{CATEGORIES}{added.json()['id']}/"
        assert editor_api.patch(path, {"name": "Веб"}, format="json").status_code == 200
        assert api.get(CATEGORIES).json()[0]["name"] == api.get(path).json()["name"] == "Веб"
        assert editor_api.delete(path).status_code == 204
        assert api.get(CATEGORIES).json() == []


class TestConditionalWrites:
    @pytest.fixture
    def course(self):
        return factories.CourseFactory(title="Old")

    @pytest.mark.parametrize(("verb", "status"), [("put", 200), ("patch", 200), ("delete", 204)])
    @pytest.mark.parametrize("is_published", [True, False])
    def test_only_who_saw_the_present_state_may_write(self, editor_api, course, verb, status, is_published):
        Course.objects.update(is_published=is_published)
        etag = editor_api.get(address(course))["ETag"]
        write = partial(getattr(editor_api, verb), address(course), {"title": "New"}, format="json")
        problem(write(headers={"If-Match": '"old"'}), 412, etag.strip('"'))
        assert Course.objects.get().title == "Old"
        assert write(headers={"If-Match": etag}).status_code == status

    def test_a_view_that_was_counted_since_is_no_change(self, editor_api, course):
        etag = editor_api.get(address(course))["ETag"]
        view_counts.flush_views()
        assert course.stats.views == 1
        headers = {"If-Match": etag}
        answer = editor_api.patch(address(course), {"title": "New"}, format="json", headers=headers)
        assert answer.status_code == 200
        assert answer["ETag"] == editor_api.get(address(course))["ETag"]

    def test_a_category_is_written_by_who_saw_it(self, editor_api):
        path = f"{CATEGORIES}{factories.CategoryFactory(name='Old').pk}/"
        etag = editor_api.get(path)["ETag"]
        for headers, status in [({"If-Match": '"old"'}, 412), ({"If-Match": etag}, 200)]:
            assert (
                editor_api.patch(path, {"name": "New"}, format="json", headers=headers).status_code == status
            )
        problem(editor_api.delete(path, headers={"If-Match": etag}), 412)

    def test_a_patch_that_changes_nothing_keeps_the_etag_and_the_cache(self, api, editor_api, course):
        etag = api.get(address(course))["ETag"]
        answer = editor_api.patch(address(course), {"title": "Old"}, format="json")
        assert (answer.status_code, answer["ETag"]) == (200, etag)
        assert api.get(address(course))["X-Cache"] == "HIT"

    @pytest.mark.django_db(transaction=True)
    def test_of_simultaneous_writes_with_one_etag_one_is_done(self, permitted, course):
        editor = permitted("change_course")
        etag = APIClient().get(address(course))["ETag"]

        def write(n):
            client = APIClient()
            client.force_authenticate(editor)
            body, headers = {"title": f"By {n}"}, {"If-Match": etag}
            return client.patch(address(course), body, format="json", headers=headers).status_code

        assert sorted(at_once(*(partial(write, n) for n in range(6)))) == [200] + [412] * 5


class TestBadInput:
    @pytest.mark.parametrize("limit", ["0", "101", "-3", "x", "", "1.5", "9" * 5000, "٥"])
    def test_a_limit(self, api, limit):
        errors = problem(api.get(TOP, {"limit": limit}), 400)["errors"]
        assert "from 1 to 100" in errors["limit"][0]

    @pytest.mark.parametrize("order", ["password", "--id", "", "id,title", "category__name", "?"])
    @pytest.mark.parametrize("path", [TOP, COURSES])
    def test_an_order(self, api, path, order):
        errors = problem(api.get(path, {"order": order}), 400)["errors"]
        assert "id, -id, title, -title, created_at" in errors["order"][0]

    @pytest.mark.parametrize(
        ("params", "accepted"),
        [
            ({"page": "0"}, "from 1"),
            ({"page": "x"}, "from 1"),
            ({"page_size": "101"}, "from 1 to 100"),
            ({"page_size": "0"}, "from 1 to 100"),
            ({"category": "x"}, "whole number"),
            ({"category": "404"}, "/api/v1/categories/"),
            ({"category": "9" * 30}, "whole number"),
            ({"min_rating": "6"}, "from 0 to 5"),
            ({"min_rating": "nan"}, "from 0 to 5"),
            ({"min_rating": "1_0"}, "from 0 to 5"),
            ({"min_rating": "٣"}, "from 0 to 5"),
            ({"min_rating": "1e-5"}, "from 0 to 5"),
            ({"search": "x" * 101}, "at most 100"),
            ({"search": "\0"}, "NUL"),
            ({"serach": "x"}, "page, page_size, order, category, search, min_rating"),
        ],
    )
    def test_a_filter(self, api, params, accepted):
        body = problem(api.get(COURSES, params), 400)
        assert [*body["errors"]] == [*params]
        assert accepted in body["detail"]

    def test_a_page_past_the_last(self, api):
        assert "the last one is 1" in problem(api.get(COURSES, {"page": 2}), 404)["detail"]

    @pytest.mark.parametrize("pk", ["999", "0", "9" * 40])
    def test_an_unknown_id(self, api, editor_api, pk):
        problem(api.get(f"{COURSES}{pk}/"), 404)
        problem(editor_api.patch(f"{COURSES}{pk}/", {}, format="json"), 404)
        problem(editor_api.delete(f"{COURSES}{pk}/"), 404)
        problem(editor_api.delete(f"{CATEGORIES}{pk}/"), 404)

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({}, "title"),
            ({"title": ""}, "title"),
            ({"title": "  "}, "title"),
            ({"title": None}, "title"),
            ({"title": ["x"]}, "title"),
            ({"title": "x" * 256}, "title"),
            ({"title": "x" * 1_000_000}, "title"),
            ({"title": "a\0b"}, "title"),
            ({"title": "a", "description": "x" * 20_001}, "description"),
            ({"title": "a", "category": 404}, "category"),
            ({"title": "a", "category": 10**30}, "category"),
            ({"title": "a", "category": "x"}, "category"),
            ({"title": "a", "category": True}, "category"),
            ({"title": "a", "category": 1.0}, "category"),
            ({"title": "a", "modules": []}, "modules"),
            ({"title": "a", "id": 7}, "id"),
            ({"title": "a", "is_published": "perhaps"}, "is_published"),
        ],
        ids=lambda value: str(value)[:40],
    )
    def test_a_course(self, editor_api, body, field):
        assert field in problem(editor_api.post(COURSES, body, format="json"), 400)["errors"]
        course = factories.CourseFactory(title="Kept")
        if body:
            problem(editor_api.patch(address(course), body, format="json"), 400)
        course.refresh_from_db()
        assert course.title == "Kept"

    @pytest.mark.parametrize(
        ("body", "content_type", "status"),
        [
            (b'{"title": ', "application/json", 400),
            (b'{"title": "\xff"}', "application/json", 400),
            (rb'{"title": "\ud800"}', "application/json", 400),
            (b"[]", "application/json", 400),
            (b"", "application/json", 400),
            (b"title=x", "application/x-www-form-urlencoded", 415),
            (b"<title/>", "text/xml", 415),
            (b"{}", "nonsense", 415),
        ],
    )
    def test_a_body(self, editor_api, body, content_type, status):
        problem(editor_api.post(COURSES, body, content_type=content_type), status)

    def test_a_method(self, editor_api):
        course = factories.CourseFactory()
        problem(editor_api.delete(COURSES), 405)
        problem(editor_api.post(TOP, {}), 405)
        problem(editor_api.post(address(course), {}), 405)

    def test_a_format_that_is_not_offered(self, api):
        problem(api.get(COURSES, headers={"accept": "text/xml"}), 406)

    @pytest.mark.parametrize("name", ["", "x" * 101, None, "Taken", "tAKEN", "ＴＡＫＥＮ", "Ta\u200bken"])
    def test_a_category(self, editor_api, name):
        factories.CategoryFactory(name="Taken")
        errors = problem(editor_api.post(CATEGORIES, {"name": name}, format="json"), 400)["errors"]
        assert [*errors] == ["name"]


def test_the_top_is_limited_by_its_own_scope(api):
    answers = [api.get(TOP).status_code for _ in range(11)]
    assert answers == [200] * 10 + [429]
