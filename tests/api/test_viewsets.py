"""List, create, retrieve, update and delete over HTTP, and what happens to simultaneous writes."""

from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from courses.models import Category, Course
from tests.api import urls
from tests.courses import factories
from tests.support.answers import problem
from tests.support.threads import at_once

pytestmark = [urls.pytestmark, pytest.mark.django_db]

ROWS = "/api/rows/"


@pytest.fixture
def client(admin_user):
    made = APIClient()
    made.force_authenticate(admin_user)
    return made


@pytest.fixture
def row():
    return Course.objects.create(title="One")


def at(row):
    return f"{ROWS}{row.pk}/"


def test_a_created_row_is_answered_as_a_get_gives_it_with_its_address(client):
    created = client.post(ROWS, {"title": "New"}, format="json")
    assert created.status_code == 201
    assert created["Location"] == f"{ROWS}{created.json()['id']}/"
    assert client.get(created["Location"]).json() == created.json()


def test_a_row_has_an_etag_and_is_not_sent_twice(client, row):
    etag = client.get(at(row))["ETag"]
    again = client.get(at(row), headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("method", ["patch", "put"])
def test_a_write_answers_with_the_etag_that_a_get_gives(client, row, method):
    written = getattr(client, method)(at(row), {"title": "Two"}, format="json")
    assert written.status_code == 200
    assert written.json()["title"] == "Two"
    assert client.get(at(row))["ETag"] == written["ETag"]


def test_a_write_with_if_none_match_is_answered_in_full(client, row):
    etag = client.get(at(row))["ETag"]
    written = client.patch(at(row), {"title": "One"}, format="json", headers={"If-None-Match": etag})
    assert (written.status_code, written.json()["title"]) == (200, "One")


@pytest.mark.parametrize(("method", "status"), [("patch", 200), ("put", 200), ("delete", 204)])
def test_if_match_lets_only_those_write_who_saw_the_present_state(client, row, method, status):
    write = partial(getattr(client, method), at(row), {"title": "Two"}, format="json")
    etag = client.get(at(row))["ETag"]
    assert etag in problem(write(headers={"If-Match": '"old"'}), 412)["detail"]
    assert Course.objects.get().title == "One"
    assert write(headers={"If-Match": etag}).status_code == status


@pytest.mark.parametrize("body", [{}, {"title": "One"}, {"title": " One ", "category": None}])
def test_a_write_that_changes_nothing_writes_nothing(client, row, body):
    etag = client.get(at(row))["ETag"]
    with CaptureQueriesContext(connection) as captured:
        written = client.patch(at(row), body, format="json")
    assert (written.status_code, written["ETag"]) == (200, etag)
    assert not [query["sql"] for query in captured if query["sql"].startswith("UPDATE")]


def test_a_write_that_is_not_valid_changes_nothing(client, row):
    problem(client.patch(at(row), {"title": ""}, format="json"), 400)
    problem(client.patch(at(row), {"title": "Two", "updated_at": None}, format="json"), 400)
    assert Course.objects.get().title == "One"


def test_a_row_that_another_row_needs_is_not_deleted(client):
    course = factories.CourseFactory()
    body = problem(client.delete(f"/api/parents/{course.category_id}/"), 409)
    assert "1 course:" in body["detail"]
    assert Category.objects.exists()


@pytest.mark.parametrize("method", ["get", "patch", "put", "delete"])
@pytest.mark.parametrize("pk", ["0", "404", "9" * 40, "x"])
def test_an_unknown_row_is_a_404(client, method, pk):
    problem(getattr(client, method)(f"{ROWS}{pk}/"), 404)


@pytest.mark.parametrize("count", [1, 50])
def test_a_list_costs_the_same_for_1_and_50(client, count):
    Course.objects.bulk_create(Course(title=f"Course {n}") for n in range(count))
    with CaptureQueriesContext(connection) as captured:
        assert len(client.get(ROWS, {"page_size": 100}).json()["results"]) == count
    assert len(captured) == 2


@pytest.mark.django_db(transaction=True)
def test_of_simultaneous_writes_with_the_same_etag_one_is_done(client, admin_user, row):
    etag = client.get(at(row))["ETag"]

    def write(n):
        each = APIClient()
        each.force_authenticate(admin_user)
        headers = {"If-Match": etag}
        return each.patch(at(row), {"title": f"By {n}"}, format="json", headers=headers).status_code

    assert sorted(at_once(*(partial(write, n) for n in range(6)))) == [200] + [412] * 5


@pytest.mark.django_db(transaction=True)
def test_a_parent_deleted_while_its_child_is_made_is_never_a_500(admin_user):
    seen = set()
    for n in range(20):
        parent = Category.objects.create(name=f"Parent {n}")

        def send(method, address, body=None):
            each = APIClient(raise_request_exception=False)
            each.force_authenticate(admin_user)
            return each.generic(method, address, body or "", content_type="application/json").status_code

        child = f'{{"title": "Child", "category": {parent.pk}}}'
        made, deleted = at_once(
            partial(send, "POST", ROWS, child), partial(send, "DELETE", f"/api/parents/{parent.pk}/")
        )
        assert (made, deleted) in {(201, 409), (400, 204), (409, 204)}
        seen.add((made, deleted))
    assert seen
