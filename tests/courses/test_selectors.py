"""What the reads return, in what order, at what cost."""

from __future__ import annotations

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.exceptions import NotFound

from courses import selectors
from courses.models import Category, Course, CourseStats
from tests.courses import factories

pytestmark = pytest.mark.django_db


def queries_of(read, **params):
    with CaptureQueriesContext(connection) as captured:
        read(**params)
    return len(captured)


def titles(courses):
    return [course["title"] for course in courses]


def page(**params):
    return selectors.course_page(**{"page": 1, "page_size": 20, "order": "-id", **params})


def grow_outline(course, modules, lessons):
    for _ in range(modules):
        module = factories.ModuleFactory(course=course)
        factories.LessonFactory.create_batch(lessons, module=module)


def test_a_detail_costs_one_query_however_long_its_outline():
    short, long = factories.CourseFactory.create_batch(2)
    grow_outline(short, 1, 1)
    grow_outline(long, 10, 5)
    assert queries_of(selectors.course_detail, pk=short.pk) == 1
    assert queries_of(selectors.course_detail, pk=long.pk) == 1


@pytest.mark.parametrize(
    ("params", "most"),
    [
        ({}, 1),
        ({"search": "course"}, 2),
        ({"search": "course", "order": None}, 3),
        ({"category": True}, 2),
        ({"min_rating": 0.0}, 1),
    ],
)
def test_a_page_costs_the_same_for_1_and_50_courses(params, most):
    category = factories.CategoryFactory()
    factories.CourseFactory(category=category)
    params = {**params, **({"category": category.pk} if "category" in params else {})}
    for_one = queries_of(page, page_size=100, **params)
    factories.CourseFactory.create_batch(49, category=category)
    assert len(page(page_size=100, **params)["results"]) == 50
    assert queries_of(page, page_size=100, **params) == for_one == most


def test_the_top_costs_one_query_for_1_and_50_courses():
    factories.CourseFactory()
    assert queries_of(selectors.top_courses, limit=100, order="-rating") == 1
    factories.CourseFactory.create_batch(49)
    assert queries_of(selectors.top_courses, limit=100, order="-rating") == 1


def test_an_outline_is_in_order_and_holds_titles_only():
    course = factories.CourseFactory()
    second = factories.ModuleFactory(course=course, position=2, title="Second")
    first = factories.ModuleFactory(course=course, position=1, title="First")
    b = factories.LessonFactory(module=first, position=5, title="B")
    a = factories.LessonFactory(module=first, position=4, title="A", content="Secret")
    detail = selectors.course_detail(pk=course.pk)
    assert detail["modules"] == [
        {
            "id": first.pk,
            "title": "First",
            "description": "",
            "position": 1,
            "lessons": [
                {"id": a.pk, "title": "A", "position": 4},
                {"id": b.pk, "title": "B", "position": 5},
            ],
        },
        {"id": second.pk, "title": "Second", "description": "", "position": 2, "lessons": []},
    ]
    assert "Secret" not in json.dumps(detail)


def test_a_course_without_category_has_none():
    course = factories.CourseFactory(category=None)
    assert selectors.course_detail(pk=course.pk)["category"] is None


def test_drafts_are_absent_unless_asked_for():
    draft = factories.CourseFactory(is_published=False, title="Draft")
    with pytest.raises(Course.DoesNotExist):
        selectors.course_detail(pk=draft.pk)
    assert selectors.course_detail(pk=draft.pk, drafts=True)["title"] == "Draft"
    assert selectors.top_courses(limit=5, order="id") == []
    assert titles(selectors.top_courses(limit=5, order="id", drafts=True)) == ["Draft"]
    assert page()["count"] == 0
    assert titles(page(drafts=True)["results"]) == ["Draft"]


@pytest.mark.parametrize("pk", [0, -1, 2**31, 2**63, 10**30])
def test_an_id_that_cannot_be_is_not_found(pk):
    with pytest.raises(Course.DoesNotExist):
        selectors.course_detail(pk=pk)


@pytest.mark.parametrize("field", selectors.ORDER_FIELDS)
def test_each_order_sorts_both_ways_and_breaks_ties_by_id(field):
    values = {"views": 3, "students_count": 3, "rating": 3, "title": "Same"}
    low, one, two, high = factories.CourseFactory.create_batch(4, **values)
    for course, title, n in ((low, "A", 1), (high, "Z", 5)):
        Course.objects.filter(pk=course.pk).update(title=title)
        CourseStats.objects.filter(pk=course.pk).update(views=n, students_count=n, rating=n)
    Course.objects.update(created_at=one.created_at)
    up = [course["id"] for course in selectors.top_courses(limit=4, order=field)]
    down = [course["id"] for course in selectors.top_courses(limit=4, order=f"-{field}")]
    assert up == [low.pk, one.pk, two.pk, high.pk]
    assert down == up[::-1]


def test_the_filters_narrow_the_page():
    python, django = factories.CategoryFactory.create_batch(2)
    factories.CourseFactory(title="Основы Python", category=python, rating=4)
    factories.CourseFactory(title="Forms", description="о DJANGO", category=django, rating=2)
    assert titles(page(category=python.pk)["results"]) == ["Основы Python"]
    assert titles(page(search="django")["results"]) == ["Forms"]
    assert titles(page(min_rating=3.5)["results"]) == ["Основы Python"]
    assert page(category=python.pk, min_rating=4.5)["count"] == 0


def test_the_link_to_the_next_page_writes_a_small_rating_without_an_exponent():
    for _ in range(2):
        factories.CourseFactory(rating=4)
    assert "min_rating=0.00001&" in page(min_rating=0.00001, page_size=1)["next"]


def test_pages_follow_each_other_and_keep_their_filters():
    factories.CourseFactory.create_batch(5, title="Five")
    first = page(page_size=2, search="five", order="title")
    assert (first["count"], first["previous"]) == (5, None)
    assert first["next"] == "/api/v1/courses/?order=title&search=five&page=2&page_size=2"
    last = page(page=3, page_size=2, search="five", order="title")
    assert (len(last["results"]), last["next"]) == (1, None)
    with pytest.raises(NotFound, match="the last one is 3"):
        page(page=4, page_size=2)


def test_an_unknown_category_is_an_error_and_not_an_empty_page():
    with pytest.raises(Category.DoesNotExist):
        page(category=404)


def test_a_course_whose_statistics_are_missing_is_read_with_zeros():
    course = factories.CourseFactory(views=3, rating=4)
    CourseStats.objects.all().delete()
    zeros = {"views": 0, "students_count": 0, "rating": 0.0}
    assert zeros.items() <= selectors.course_detail(pk=course.pk).items()
    for read in (selectors.top_courses(limit=1, order="title"), page()["results"]):
        assert zeros.items() <= read[0].items()


@pytest.fixture(scope="class")
def ten_thousand_courses(django_db_setup, django_db_blocker):
    """Some drafts, many ties."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO courses_course (title, description, is_published, created_at, updated_at)
            SELECT 'Course ' || i % 3000, repeat('text ', 40), i % 20 > 0, now() - i % 500 * interval '1 h',
                   now()
            FROM generate_series(1, 10000) AS i
            """
        )
        cursor.execute(
            """
            UPDATE courses_coursestats
            SET views = i % 700, students_count = i % 90, rating = (i % 500) / 100.0
            FROM (SELECT id, row_number() OVER (ORDER BY id) AS i FROM courses_course) AS course
            WHERE id = course_id
            """
        )
        cursor.execute("VACUUM ANALYZE courses_course, courses_coursestats")
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE courses_course CASCADE")
        cursor.execute("ANALYZE courses_course, courses_coursestats")


@pytest.mark.usefixtures("ten_thousand_courses")
class TestPlans:
    """What PostgreSQL makes of the very statements of the reads at 10,000 rows."""

    @pytest.mark.parametrize("limit", [1, 5, 100])
    @pytest.mark.parametrize("order", selectors.ORDERS)
    def test_an_index_serves_the_order_of_the_top(self, order, limit):
        served_by_index(order, plan_of(selectors.top_courses, limit=limit, order=order), limit)

    @pytest.mark.parametrize("page_size", [1, 20])  # of 10,000 rows, 100 are looked up in passing
    @pytest.mark.parametrize("order", selectors.ORDERS)
    def test_an_index_serves_the_order_of_a_page(self, order, page_size):
        plan = plan_of(selectors.course_page, page=2, page_size=page_size, order=order)
        served_by_index(order, plan, 2 * page_size, sorted_rows=page_size)

    @pytest.mark.parametrize("page_size", [1, 20])
    @pytest.mark.parametrize("order", ["rating", "-rating"])
    def test_the_same_index_finds_and_orders_the_well_rated(self, order, page_size):
        plan = plan_of(selectors.course_page, page=1, page_size=page_size, order=order, min_rating=4.9)
        served_by_index(order, plan, page_size, sorted_rows=page_size)

    @pytest.mark.parametrize("order", selectors.ORDERS)
    def test_an_index_finds_the_few_best_rated_in_whatever_order(self, order):
        plan = plan_of(selectors.course_page, page=1, page_size=20, order=order, min_rating=4.99)
        scans = {node.get("Index Name") for node in nodes(plan) if "Scan" in node["Node Type"]}
        assert "stats_by_rating" in scans
        assert all(node["Actual Rows"] * node["Actual Loops"] <= 20 for node in nodes(plan))


def served_by_index(order, plan, rows, sorted_rows=0):
    """The index of the order is walked no further than to the last row, past the drafts between.

    The courses of a page are looked up by their keys, and only they are sorted.
    """
    field = order.removeprefix("-")
    expected = {"title": "course_by_title", "created_at": "course_by_created_at"}.get(
        field, f"stats_by_{field}"
    )
    names = {"courses_course_pkey", "course_published"} if field == "id" else {expected}
    found = list(nodes(plan))
    assert names & {node.get("Index Name") for node in found}
    assert all(node["Actual Rows"] <= sorted_rows for node in found if "Sort" in node["Node Type"])
    scans = [node for node in found if node.get("Relation Name", "").startswith("courses_course")]
    assert {node["Node Type"] for node in scans} <= {"Index Scan", "Index Only Scan"}
    assert max(node["Actual Rows"] * node["Actual Loops"] for node in scans) <= 2 * rows + 50


def plan_of(read, **params):
    with CaptureQueriesContext(connection) as captured:
        read(**params)
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + captured[-1]["sql"])
        return cursor.fetchone()[0][0]["Plan"]


def nodes(plan):
    """The nodes that make the rows: not the total of a page, which is counted once, by itself."""
    yield plan
    for child in plan.get("Plans", []):
        if child["Parent Relationship"] != "InitPlan":
            yield from nodes(child)
