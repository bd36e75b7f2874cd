"""HTTPS=1: what is sent over plain http, and what browsers must remember."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.test import Client

from config.environment import ROOT
from tests.support.answers import problem


@pytest.fixture(autouse=True)
def _https(settings):
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SECURE_REDIRECT_EXEMPT = [r"^health/"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_read_over_plain_http_is_redirected(method):
    response = Client().generic(method, "/api/v1/courses/?page=2")
    assert (response.status_code, response["Location"]) == (301, "https://testserver/api/v1/courses/?page=2")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "ODD"])
def test_a_write_over_plain_http_is_a_403_that_says_what_to_do(method):
    response = Client().generic(method, "/api/v1/courses/", "{}", content_type="application/json")
    assert "https" in problem(response, 403)["detail"]


def test_a_form_over_plain_http_is_refused_as_text():
    response = Client().post("/accounts/login/", {"username": "a"})
    assert (response.status_code, response["Content-Type"]) == (403, "text/plain")


def test_a_probe_is_served_over_plain_http():
    assert Client().get("/health/live").status_code == 200


def test_other_refusals_keep_their_own_words(db):
    client = Client(headers={"X-Forwarded-Proto": "https"})
    response = client.post("/api/v1/courses/", {}, content_type="application/json")
    assert "https" not in problem(response, 401)["detail"]


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "3600 False False"),
        ({"SECURE_HSTS_SECONDS": "86400", "SECURE_HSTS_INCLUDE_SUBDOMAINS": "1"}, "86400 True False"),
        ({"SECURE_HSTS_SECONDS": "0"}, "0 False False"),
    ],
)
def test_hsts_is_one_hour_unless_it_is_set(environment, expected):
    names = ("SECONDS", "INCLUDE_SUBDOMAINS", "PRELOAD")
    words = ", ".join(f"settings.SECURE_HSTS_{name}" for name in names)
    printed = subprocess.run(
        [sys.executable, "-c", f"from config import settings; print({words})"],
        cwd=ROOT,
        env={**os.environ, "HTTPS": "1", **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    assert printed.stdout.strip() == expected
