"""The shapes that the schema describes are those that the selectors make."""

from __future__ import annotations

import pytest

from courses import selectors
from courses.serializers import (
    CategorySerializer,
    CourseDetailSerializer,
    CoursePageSerializer,
    CourseSummarySerializer,
)
from tests import factories

pytestmark = pytest.mark.django_db


def shape(serializer, data):
    """Checks that ``data`` has exactly the serializer's fields, all the way down."""
    assert {*data} == {*serializer.fields}
    for name, field in serializer.fields.items():
        if hasattr(field, "child") and hasattr(field.child, "fields"):
            for row in data[name]:
                shape(field.child, row)
        elif hasattr(field, "fields") and data[name] is not None:
            shape(field, data[name])


def test_a_detail_is_as_described():
    course = factories.LessonFactory().module.course
    shape(CourseDetailSerializer(), selectors.course_detail(pk=course.pk))


def test_lists_are_as_described():
    factories.CourseFactory()
    shape(CourseSummarySerializer(), selectors.top_courses(limit=1, order="id")[0])
    shape(CoursePageSerializer(), selectors.course_page(page=1, page_size=1, order="id"))
    shape(CategorySerializer(), selectors.category_list()[0])


def test_plain_values_are_those_of_a_serializer():
    course = factories.CourseFactory(rating="4.33")
    course.refresh_from_db()
    assert selectors.top_courses(limit=1, order="id") == [CourseSummarySerializer(course).data]
