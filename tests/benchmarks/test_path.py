"""The path of a request: real requests, traced."""

import pytest
from django.contrib.auth.models import User

from benchmarks import path
from tests.courses.factories import CourseFactory


@pytest.fixture
def passages(transactional_db):
    User.objects.create_superuser("admin", password="a long password")
    credentials = {"username": "admin", "password": "a long password"}
    return {passage.name: passage for passage in path.measure(CourseFactory().pk, credentials)}


def test_measure_traces_a_miss_a_hit_and_a_write(passages):
    assert [(each.status, each.x_cache) for each in passages.values()] == [
        (200, "MISS"),
        (200, "HIT"),
        (200, ""),
        (200, "HIT"),
    ]


def test_measure_names_the_functions_that_a_request_passes_and_only_files_of_the_project(passages):
    miss, hit, patch, edge_hit = passages.values()
    assert all(len(edge_hit.files) < len(each.files) for each in (miss, hit, patch))
    assert path.Step("caching/read/loading.py", "load") in miss.functions
    assert path.Step("caching/read/loading.py", "load") not in hit.functions
    assert path.Step("caching/write/commit.py", "committing") in patch.functions
    assert len(hit.files) < len(miss.files)
    assert all((path.ROOT / file).exists() for each in passages.values() for file in each.files)


def test_report_prints_the_number_of_files_and_the_functions_in_order(capsys):
    steps = [path.Step("a.py", "one"), path.Step("b.py", "two"), path.Step("a.py", "one")]
    path.report([path.Passage("GET", 200, "HIT", steps)])
    assert capsys.readouterr().out.splitlines() == [
        "GET: status 200, X-Cache HIT: 2 files, 2 functions, 2 moves",
        "    a.py:one",
        "    b.py:two",
    ]
