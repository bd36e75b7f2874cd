"""Prepared queries give what their querysets give, and make no SQL after the first run."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.db.models.functions import Upper
from django.db.models.sql.compiler import SQLCompiler

from core.prepared import Prepared
from courses.models import Category, Course
from tests.courses.factories import CategoryFactory, CourseFactory


def courses(pk):
    rows = Course.objects.select_related("category", "stats").annotate(loud=Upper("title"))
    return rows.filter(pk=pk)


@pytest.mark.django_db
def test_a_row_is_that_of_the_queryset_with_what_is_joined(django_assert_num_queries):
    prepared = Prepared(courses)
    for course in (CourseFactory(category=CategoryFactory(name="Art")), CourseFactory(category=None)):
        with django_assert_num_queries(1):
            row = prepared.get(course.pk)
            assert (row, row.loud, row.category, row.stats.views) == (
                course,
                course.title.upper(),
                course.category,
                0,
            )
        assert row.get_deferred_fields() == {"words"}


@pytest.mark.django_db
def test_the_sql_is_made_once_and_the_values_are_each_run_s_own(monkeypatch):
    one, two = CategoryFactory(name="%s"), CategoryFactory(name="b")
    prepared = Prepared(lambda name: Category.objects.filter(name=name))
    assert prepared.rows("%s") == [one]
    monkeypatch.delattr(SQLCompiler, "as_sql")
    assert prepared.rows("b") == [two]
    assert prepared.rows("' OR ''='") == []
    with pytest.raises(Category.DoesNotExist):
        prepared.get("c")


@pytest.mark.django_db(transaction=True)
def test_each_thread_has_its_own_connection():
    rows = [CategoryFactory() for _ in range(20)]
    prepared = Prepared(lambda pk: Category.objects.filter(pk=pk))
    prepared.get(rows[0].pk)

    def get(pk):
        try:
            return prepared.get(pk).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(get, [row.pk for row in rows])) == [row.pk for row in rows]
