"""CORS_ALLOWED_ORIGINS: which pages of other origins may call the API."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import pytest
from django.test import Client

from tests.courses.factories import CourseFactory
from tests.support.servers import serving

SHOP = "https://shop.example.com"
ASKING = {
    "Access-Control-Request-Method": "PATCH",
    "Access-Control-Request-Headers": "authorization,if-match",
}
EXPOSED = "X-Cache Cache-Status ETag Location X-Request-ID RateLimit RateLimit-Policy Retry-After"


def fetch(port, path, method="GET", **headers):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, response.headers, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


@pytest.mark.django_db
def test_without_the_setting_no_origin_may():
    answer = Client().get("/api/v1/courses/", headers={"Origin": SHOP})
    assert (answer.status_code, "Access-Control-Allow-Origin" in answer) == (200, False)
    asked = Client().options("/api/v1/courses/", headers={"Origin": SHOP, **ASKING})
    assert not [name for name in asked.headers if name.startswith("Access-Control-")]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_pages_of_the_origins_that_are_named_call_the_api():
    course = f"/api/v1/courses/{CourseFactory().pk}/"
    with serving("gunicorn", CORS_ALLOWED_ORIGINS=f"{SHOP}, https://other.example.com") as port:
        status, headers, _ = fetch(port, course, "OPTIONS", Origin=SHOP, **ASKING)
        assert (status, headers["Access-Control-Allow-Origin"]) == (200, SHOP)
        assert "PATCH" in headers["Access-Control-Allow-Methods"]
        allowed = headers["Access-Control-Allow-Headers"].lower().split(", ")
        assert {"authorization", "if-match"} <= set(allowed)

        for path, expected in ((course, 200), ("/api/v1/courses/?page=x", 400), ("/api/v1/nothing/", 404)):
            status, headers, body = fetch(port, path, Origin=SHOP)
            assert (status, headers["Access-Control-Allow-Origin"]) == (expected, SHOP)
            assert set(headers["Access-Control-Expose-Headers"].split(", ")) == set(EXPOSED.split())
            assert "Access-Control-Allow-Credentials" not in headers
            assert "origin" in headers["Vary"].lower().split(", ")
            assert json.loads(body)

        _, headers, _ = fetch(port, course, Origin="https://evil.example.com")
        assert "Access-Control-Allow-Origin" not in headers
        _, headers, _ = fetch(port, "/accounts/login/", Origin=SHOP)
        assert "Access-Control-Allow-Origin" not in headers
