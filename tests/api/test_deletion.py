"""Deleting what other rows need."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from api.deletion import delete_unreferenced
from api.problems.exceptions import Conflict
from core.references import references
from courses.models import Category, Course
from tests.courses import factories

pytestmark = pytest.mark.django_db


def test_a_row_that_no_other_needs_is_deleted():
    course = factories.LessonFactory().module.course  # they go with it
    delete_unreferenced(course)
    assert not Course.objects.exists()


def test_the_rows_that_need_it_are_counted_by_kind():
    course = factories.EnrollmentFactory().course
    factories.ReviewFactory.create_batch(2, course=course)
    assert dict(references(course)) == {"enrollment": 1, "reviews": 2}
    with pytest.raises(Conflict, match="1 enrollment, 2 reviews"):
        delete_unreferenced(course)


@pytest.mark.parametrize("count", [1, 50])
def test_a_refusal_counts_and_loads_nothing(count):
    category = factories.CategoryFactory()
    factories.CourseFactory.create_batch(count, category=category)
    with CaptureQueriesContext(connection) as captured, pytest.raises(Conflict):
        delete_unreferenced(category)
    assert len(captured) == 1
    assert Category.objects.exists()
