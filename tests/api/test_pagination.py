"""Pages of a list, from DRF's views and as plain data."""

import pytest
from django.contrib.auth.models import Group
from rest_framework.test import APIClient

from api.pagination import Page, envelope
from tests.api import urls

pytestmark = [urls.pytestmark, pytest.mark.django_db]


@pytest.fixture
def client():
    return APIClient()


@pytest.fixture
def _groups():
    Group.objects.bulk_create(Group(name=f"group {n}") for n in range(45))


def names(response):
    return [row["name"] for row in response.json()["results"]]


@pytest.mark.usefixtures("_groups")
def test_following_next_reads_every_row_once(client):
    seen, address = [], "/api/groups/?page_size=20"
    while address:
        response = client.get(address)
        seen += names(response)
        address = response.json()["next"]
    assert seen == [f"group {n}" for n in range(45)]


@pytest.mark.usefixtures("_groups")
def test_links_keep_the_filters_and_name_no_host(client):
    body = client.get("/api/groups/?search=a%26b&page_size=10&page=2").json()
    assert body["next"] == "/api/groups/?search=a%26b&page=3&page_size=10"
    assert body["previous"] == "/api/groups/?search=a%26b&page=1&page_size=10"


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("page=0", "page"),
        ("page=x", "page"),
        ("page=-1", "page"),
        ("page=", "page"),
        (f"page={2**63}", "page"),
    ]
    + [(f"page_size={text}", "page_size") for text in ("0", "101", "x")],
)
def test_what_is_no_page_is_a_400_that_names_the_parameter(client, query, name):
    response = client.get(f"/api/groups/?{query}")
    assert response.status_code == 400
    assert "a whole number from 1 to" in response.json()["errors"][name][0]


@pytest.mark.usefixtures("_groups")
def test_a_page_past_the_last_is_a_404_that_names_the_last(client):
    response = client.get("/api/groups/?page=4")
    assert response.status_code == 404
    assert "3" in response.json()["detail"]


def test_the_first_page_of_nothing_is_there(client):
    assert client.get("/api/groups/").json() == {"count": 0, "next": None, "previous": None, "results": []}


@pytest.mark.parametrize("rows", [1, 50])
def test_a_page_takes_two_queries_for_any_number_of_rows(client, django_assert_num_queries, rows):
    Group.objects.bulk_create(Group(name=str(n)) for n in range(rows))
    with django_assert_num_queries(2):
        client.get("/api/groups/?page_size=100")


def test_an_envelope_leaves_out_what_is_none_and_sorts_the_rest():
    page = envelope(
        [1], page=Page(2, 1), count=3, path="/api/x/", params={"b": 1, "a": None}, results_key="result"
    )
    assert page == {
        "count": 3,
        "next": "/api/x/?b=1&page=3&page_size=1",
        "previous": "/api/x/?b=1&page=1&page_size=1",
        "result": [1],
    }
