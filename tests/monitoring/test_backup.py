"""The commands of docs/operations.md for backup and restore."""

from __future__ import annotations

import subprocess

import pytest
from django.core.management import call_command
from django.db import connection

from courses.cache import course_detail
from courses.models import Course
from devtools.embedded.wheels import postgres_binaries
from tests.courses.factories import CourseFactory
from tests.support.processes import child_environment


def run(name, *words):
    subprocess.run([str(postgres_binaries() / name), *words], check=True, capture_output=True)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_restore_brings_back_rows_and_triggers_and_the_cache_is_cleared(tmp_path):
    url = child_environment()["DATABASE_URL"]
    dump = str(tmp_path / "syllabus.dump")
    course = CourseFactory(title="As it was")
    run("pg_dump", "--format=custom", f"--file={dump}", url)
    Course.objects.filter(pk=course.pk).update(title="Lost by the restore")
    assert course_detail.get(pk=course.pk).value["title"] == "Lost by the restore"
    connection.close()
    words = "--clean --if-exists --no-owner --exit-on-error --single-transaction"
    run("pg_restore", *words.split(), f"--dbname={url}", dump)
    call_command("migrate", verbosity=0)
    call_command("cache", "clear")
    assert course_detail.get(pk=course.pk).value["title"] == "As it was"
    Course.objects.filter(pk=course.pk).update(title="Written after it")
    assert course_detail.get(pk=course.pk).value["title"] == "Written after it"
