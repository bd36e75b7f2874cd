"""The index: every address of the API, for everyone."""

import pytest
from rest_framework.test import APIClient

from tests.support.answers import problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def client():
    return APIClient()


def test_index_names_every_address_of_the_schema(client):
    schema = client.get("/api/schema/", HTTP_ACCEPT="application/vnd.oai.openapi+json").json()
    index = client.get("/api/v1/").json()
    assert [each["path"] for each in index["endpoints"]] == list(schema["paths"])
    courses = next(each for each in index["endpoints"] if each["path"] == "/api/v1/courses/")
    assert courses["methods"] == ["GET", "POST"]
    assert all(each["summary"] for each in index["endpoints"])


def test_addresses_of_the_index_that_take_no_parameter_answer(client):
    index = client.get("/api/v1/").json()
    paths = [
        each["path"] for each in index["endpoints"] if "GET" in each["methods"] and "{" not in each["path"]
    ]
    assert len(paths) > 15
    for path in [index["documentation"], index["schema"], *paths]:
        assert client.get(path).status_code in {200, 401, 403}, path


def test_index_has_an_etag_and_refuses_parameters(client):
    etag = client.get("/api/v1/")["ETag"]
    assert client.get("/api/v1/", headers={"If-None-Match": etag}).status_code == 304
    assert list(problem(client.get("/api/v1/?page=1"), 400)["errors"]) == ["page"]
    assert client.post("/api/v1/").status_code == 405
