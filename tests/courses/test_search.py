"""What a search of the catalogue finds, in what order, whatever is typed."""

from __future__ import annotations

import pytest
from django.core import serializers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from courses import search, selectors
from courses.models import Course
from tests.courses import factories
from tests.support.answers import problem

pytestmark = pytest.mark.django_db

COURSES = "/api/v1/courses/"


def found(text, order=None, **params):
    page = selectors.course_page(page=1, page_size=100, order=order, search=text, **params)
    assert page["count"] == len(page["results"])
    return [course["title"] for course in page["results"]]


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Django in Practice", "django"),
        ("Django in Practice", "prac DJA"),
        ("Основы Python", "осн pYTHON"),
        ("ОСНОВЫ ЁЛКИ", "елки"),
        ("Елки", "ЁЛ"),
        ("Об’єкти та «гонки»", "об'єкт гонки"),
        ("Обʼєкти", "об’єк"),
        ("Тестування ҐУДЗИКІВ", "ґудзик"),
        ("C++ and C#: a comparison", "c++"),
        ("Node.js, React/Redux", "node.js redux"),
        ("Node.js, React/Redux", "js react"),
        ("E-mail", "e-mail"),
        ("Full width", "ｆｕｌｌ"),
        ("Python 3.14", "3.14"),
        ("日本語 入門", "日本語"),
    ],
)
def test_words_and_their_beginnings_are_found(title, text):
    factories.CourseFactory(title=title)
    factories.CourseFactory(title="Another", description="text")
    assert found(text) == [title]


@pytest.mark.parametrize(
    "text", ["jango", "django flask", "practical", "'", "& | !", ":*", "++", "%", "_", "\u200b"]
)
def test_other_texts_find_nothing(text):
    factories.CourseFactory(title="Django in Practice")
    assert found(text) == found(text, order="-rating") == []


def test_the_title_counts_more_than_the_description_and_the_newest_is_first():
    factories.CourseFactory(title="Queues", description="Redis and Redis and Redis")
    factories.CourseFactory(title="Redis")
    factories.CourseFactory(title="Locks", description="Some Redis")
    factories.CourseFactory(title="Redis ")
    assert found("redis") == ["Redis", "Redis", "Queues", "Locks"]
    assert found("redis", order="title") == ["Locks", "Queues", "Redis", "Redis"]


def test_filters_and_drafts_hold_for_a_search():
    course = factories.CourseFactory(title="Redis", rating=4)
    factories.CourseFactory(title="Redis draft", is_published=False)
    factories.CourseFactory(title="Redis low", rating=2)
    assert found("redis", category=course.category_id) == ["Redis"]
    assert found("redis", min_rating=3.0) == ["Redis"]
    assert found("redis") == ["Redis low", "Redis"]
    assert found("redis draft", drafts=True) == ["Redis draft"]


def test_a_changed_title_is_found_at_once(api):
    course = factories.CourseFactory(title="Old")
    assert api.get(COURSES, {"search": "new"}).json()["count"] == 0
    Course.objects.filter(pk=course.pk).update(title="New")
    answer = api.get(COURSES, {"search": "new"}).json()
    assert [row["title"] for row in answer["results"]] == ["New"]
    assert api.get(COURSES, {"search": "old"}).json()["count"] == 0


def test_no_more_than_the_newest_are_found(monkeypatch, api):
    monkeypatch.setattr(search, "MAX_FOUND", 3)
    monkeypatch.setattr(search, "FEW", 4)
    factories.CourseFactory.create_batch(5, title="Redis")
    newest = list(Course.objects.order_by("-id").values_list("pk", flat=True)[:3])
    page = api.get(COURSES, {"search": "redis", "page_size": 2}).json()
    assert (page["count"], [row["id"] for row in page["results"]]) == (3, newest[:2])
    assert page["next"] == f"{COURSES}?search=redis&page=2&page_size=2"
    problem(api.get(COURSES, {"search": "redis", "page_size": 2, "page": 3}), 404)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=100))
def test_no_text_breaks_the_search(text):
    """A course with the text as its title is found by it, or by none if it has no letter or digit."""
    course = Course(title="x", description=text)
    course.save()
    for order in (None, "-rating"):
        selectors.course_page(page=1, page_size=20, order=order, search=text)
    course.delete()


def test_a_very_long_description_can_be_saved():
    words = " ".join(f"word{n}" for n in range(200_000))
    factories.CourseFactory(title="Long", description=words)
    assert found("word1") == ["Long"]


def test_the_words_are_in_no_fixture():
    course = factories.CourseFactory()
    text = serializers.serialize("json", [course])
    assert "words" not in text
    course.delete()
    next(serializers.deserialize("json", text)).save()
    assert found(course.title) == [course.title]


def test_the_admin_searches_alike(admin_client):
    factories.CourseFactory(title="Основы Python")
    factories.CourseFactory(title="Django")
    for text, titles in [("осн", ["Основы Python"]), ("' & !", [])]:
        shown = admin_client.get("/admin/courses/course/", {"q": text}).context["cl"].result_list
        assert [course.title for course in shown] == titles
