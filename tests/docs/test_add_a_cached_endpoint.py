"""The example of docs/add-a-cached-endpoint.md works as it is written."""

from __future__ import annotations

import importlib
import re
import sys

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client

from caching.errors import UndeclaredTable
from caching.postgresql import triggers
from caching.testing import assert_independent_of_caller, own_declarations
from config.environment import ROOT
from courses.models import Category, Course, Lesson
from tests.factories import CategoryFactory, CourseFactory

PAGE = ROOT / "docs" / "add-a-cached-endpoint.md"
BLOCK = re.compile(r'```python title="(.*?)"\n(.*?)```', re.DOTALL)


@pytest.fixture
def example(tmp_path, monkeypatch, settings, transactional_db):
    """Import the page's four files as a package, and yield its declaration."""
    blocks = BLOCK.findall(PAGE.read_text())
    assert len(blocks) == 4
    for name, text in blocks:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    with own_declarations():
        urls = importlib.import_module("example.urls")
        call_command("migrate", verbosity=0)
        settings.ROOT_URLCONF = urls
        yield importlib.import_module("example.cache").syllabus
        for name in [name for name in sys.modules if name.partition(".")[0] == "example"]:
            del sys.modules[name]
    triggers.install("default", prune=True)


def test_page_works_as_written(example):
    category = CategoryFactory()
    course = CourseFactory(category=category)
    module = course.modules.create(title="first")
    path = f"/api/v1/categories/{category.pk}/syllabus/"
    client = Client()
    assert [client.get(path)["X-Cache"] for _ in range(2)] == ["MISS", "HIT"]

    def lessons(body):
        return body["courses"][0]["lessons"]

    def run(sql):
        with connection.cursor() as cursor:
            cursor.execute(sql)

    for write, shown, expected in (
        (lambda: Lesson.objects.create(module=module, title="one"), lessons, 1),
        (lambda: Course.objects.update(title="new"), lambda body: body["courses"][0]["title"], "new"),
        (lambda: Category.objects.update(name="renamed"), lambda body: body["name"], "renamed"),
        (lambda: run("DELETE FROM courses_lesson"), lessons, 0),
    ):
        write()
        answer = client.get(path)
        assert (answer["X-Cache"], shown(answer.json())) == ("MISS", expected)
        assert client.get(path)["X-Cache"] == "HIT"
    assert client.get("/api/v1/categories/0/syllabus/").status_code == 404
    assert client.get(path, headers={"If-None-Match": answer["ETag"]}).status_code == 304
    assert_independent_of_caller(example, pk=category.pk)


def test_page_shows_the_error_of_a_table_that_is_not_named(example):
    category = CategoryFactory()
    example.invalidated_by.pop(Lesson)
    with pytest.raises(UndeclaredTable) as caught:
        example.load_uncached(pk=category.pk)
    shown = PAGE.read_text().replace("\n", " ")
    assert str(caught.value) in shown
